CREATE DOMAIN lang AS text DEFAULT 'de';
CREATE TABLE pages (id int PRIMARY KEY, lang lang);
