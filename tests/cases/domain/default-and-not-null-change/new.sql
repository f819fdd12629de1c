CREATE DOMAIN lang AS text DEFAULT 'en' NOT NULL;
CREATE TABLE pages (id int PRIMARY KEY, lang lang);
