CREATE DOMAIN code AS text;
CREATE TABLE parts (id int PRIMARY KEY, code code NOT NULL);
