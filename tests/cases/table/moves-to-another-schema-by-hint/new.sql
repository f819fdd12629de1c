CREATE SCHEMA b;
-- pgrehearse: renamed from a.t
CREATE TABLE b.t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v text);
COMMENT ON TABLE b.t IS 'it moves';
CREATE INDEX t_v ON b.t (lower(v));
COMMENT ON INDEX b.t_v IS 'it, too';
CREATE TABLE refers (t int REFERENCES b.t);
-- pgrehearse: renamed from a.w
CREATE VIEW b.w AS SELECT id, v FROM b.t;
CREATE VIEW v AS SELECT v FROM b.w;
GRANT SELECT ON b.t TO PUBLIC;
ALTER TABLE b.t ALTER v SET DEFAULT 'x';
