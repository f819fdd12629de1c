CREATE FUNCTION mycmp(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 = $2$$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = mycmp);
CREATE TABLE t (a int, b int, CHECK (a === b));
CREATE VIEW v AS SELECT a === 1 AS x FROM t;
CREATE INDEX ti ON t ((a === 1));
CREATE POLICY po ON t USING (a === 2);
