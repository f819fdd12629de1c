CREATE SCHEMA "App";
CREATE FUNCTION compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 > $2 THEN -1 WHEN $1 < $2 THEN 1 ELSE 0 END';
CREATE FUNCTION "App"."it's less"(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > $2';
CREATE OPERATOR "App".<<< (LEFTARG = integer, RIGHTARG = integer, FUNCTION = "App"."it's less");
CREATE OPERATOR FAMILY stays USING btree;
ALTER OPERATOR FAMILY stays USING btree ADD OPERATOR 2 >= (integer, bigint), OPERATOR 5 < (integer, bigint);
CREATE OPERATOR CLASS "App"."New one" FOR TYPE integer USING btree FAMILY stays AS
    OPERATOR 1 "App".<<<, OPERATOR 3 =, FUNCTION 1 compare(integer, integer);
COMMENT ON OPERATOR CLASS "App"."New one" USING btree IS 'new';
CREATE OPERATOR CLASS changes FOR TYPE point USING gist AS OPERATOR 15 <-> (point, point) FOR ORDER BY pg_catalog.float_ops, STORAGE box;
