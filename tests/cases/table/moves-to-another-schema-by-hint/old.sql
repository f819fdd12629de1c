CREATE SCHEMA a;
-- pgrehearse: renamed from b.t
CREATE TABLE a.t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v text);
COMMENT ON TABLE a.t IS 'it moves';
CREATE INDEX t_v ON a.t (lower(v));
COMMENT ON INDEX a.t_v IS 'it, too';
CREATE TABLE refers (t int REFERENCES a.t);
-- pgrehearse: renamed from b.w
CREATE VIEW a.w AS SELECT id, v FROM a.t;
CREATE VIEW v AS SELECT v FROM a.w;
GRANT SELECT ON a.t TO PUBLIC;
