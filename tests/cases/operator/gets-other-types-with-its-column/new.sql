CREATE FUNCTION mycmp2(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 = $2$$;
CREATE OPERATOR === (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = mycmp2);
CREATE TABLE t (a bigint, b bigint, CHECK (a === b));
CREATE VIEW v AS SELECT a === 1::bigint AS x FROM t;
CREATE INDEX ti ON t ((a === 1::bigint));
CREATE POLICY po ON t USING (a === 2::bigint);
