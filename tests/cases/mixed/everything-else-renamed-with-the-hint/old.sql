-- pgrehearse: renamed from numbers_new
CREATE SEQUENCE numbers START 7;
-- pgrehearse: renamed from short_new
CREATE DOMAIN short AS text CONSTRAINT short_check CHECK (length(VALUE) < 10);
-- pgrehearse: renamed from pair_new
CREATE TYPE pair AS (a int, b text);
-- pgrehearse: renamed from stamp_new
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- pgrehearse: renamed from twice_new
CREATE FUNCTION twice(x int, y text DEFAULT 'z') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x';
-- pgrehearse: renamed from work_new
CREATE PROCEDURE work(x int) LANGUAGE sql AS 'SELECT 1';
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (
    id int DEFAULT nextval('numbers'),
    s short,
    p pair,
    -- pgrehearse: renamed from t_key_new
    CONSTRAINT t_key PRIMARY KEY (id),
    -- pgrehearse: renamed from positive_new
    CONSTRAINT positive CHECK (twice(id) > 0),
    -- pgrehearse: renamed from t_parent_new
    CONSTRAINT t_parent FOREIGN KEY (id) REFERENCES parent
);
-- pgrehearse: renamed from t_s_new
CREATE INDEX t_s ON t (s, twice(id));
-- pgrehearse: renamed from t_stamp_new
CREATE TRIGGER t_stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
-- pgrehearse: renamed from v_new
CREATE VIEW v AS SELECT id, twice(id) AS two FROM t;
CREATE VIEW w AS SELECT two FROM v;
COMMENT ON FUNCTION twice(int, text) IS 'two';
COMMENT ON VIEW v IS 'a view';
