CREATE SCHEMA core;
CREATE TABLE core.units (code text PRIMARY KEY, factor numeric NOT NULL);
CREATE TABLE readings (id int PRIMARY KEY, unit text NOT NULL, raw numeric NOT NULL);
