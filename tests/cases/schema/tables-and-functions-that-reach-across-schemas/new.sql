CREATE SCHEMA core;
CREATE SCHEMA util;
CREATE TABLE core.units (code text PRIMARY KEY, factor numeric NOT NULL);
CREATE TABLE readings (
    id int PRIMARY KEY,
    unit text NOT NULL REFERENCES core.units,
    raw numeric NOT NULL
);
CREATE FUNCTION util.scaled(numeric, text) RETURNS numeric LANGUAGE sql STABLE
    AS 'SELECT $1 * factor FROM core.units WHERE code = $2';
CREATE VIEW util.scaled_readings AS
    SELECT id, util.scaled(raw, unit) AS value FROM public.readings;
