CREATE DOMAIN code AS text;
ALTER DOMAIN code ADD CONSTRAINT code_short CHECK (length(VALUE) <= 4) NOT VALID;
CREATE TABLE parts (id int PRIMARY KEY, code code NOT NULL);
