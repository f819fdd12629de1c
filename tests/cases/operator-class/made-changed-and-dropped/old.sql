CREATE FUNCTION compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 > $2 THEN -1 WHEN $1 < $2 THEN 1 ELSE 0 END';
CREATE OPERATOR CLASS goes FOR TYPE integer USING btree AS OPERATOR 1 >, FUNCTION 1 compare(integer, integer);
COMMENT ON OPERATOR FAMILY goes USING btree IS 'made with its class';
CREATE OPERATOR FAMILY stays USING btree;
ALTER OPERATOR FAMILY stays USING btree ADD OPERATOR 1 > (integer, bigint), OPERATOR 2 >= (integer, bigint);
CREATE OPERATOR CLASS changes FOR TYPE point USING gist AS STORAGE box;
