-- pgrehearse: renamed from numbers
CREATE SEQUENCE numbers_new START 7;
-- pgrehearse: renamed from short
CREATE DOMAIN short_new AS text CONSTRAINT short_check CHECK (length(VALUE) < 10);
-- pgrehearse: renamed from pair
CREATE TYPE pair_new AS (a int, b text);
-- pgrehearse: renamed from stamp
CREATE FUNCTION stamp_new() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- pgrehearse: renamed from twice
CREATE FUNCTION twice_new(x int, y text DEFAULT 'z') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x';
-- pgrehearse: renamed from work
CREATE PROCEDURE work_new(x int) LANGUAGE sql AS 'SELECT 1';
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (
    id int DEFAULT nextval('numbers_new'),
    s short_new,
    p pair_new,
    -- pgrehearse: renamed from t_key
    CONSTRAINT t_key_new PRIMARY KEY (id),
    -- pgrehearse: renamed from positive
    CONSTRAINT positive_new CHECK (twice_new(id) > 0),
    -- pgrehearse: renamed from t_parent
    CONSTRAINT t_parent_new FOREIGN KEY (id) REFERENCES parent
);
-- pgrehearse: renamed from t_s
CREATE INDEX t_s_new ON t (s, twice_new(id));
-- pgrehearse: renamed from t_stamp
CREATE TRIGGER t_stamp_new BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp_new();
-- pgrehearse: renamed from v
CREATE VIEW v_new AS SELECT id, twice_new(id) AS two FROM t;
CREATE VIEW w AS SELECT two FROM v_new;
COMMENT ON FUNCTION twice_new(int, text) IS 'two';
COMMENT ON VIEW v_new IS 'a view';
