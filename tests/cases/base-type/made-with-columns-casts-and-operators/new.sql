CREATE SCHEMA "Own ""types""";
CREATE TYPE "Own ""types"""."Money";
CREATE FUNCTION money_in(cstring) RETURNS "Own ""types"""."Money" LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION money_out("Own ""types"""."Money") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE FUNCTION money_send("Own ""types"""."Money") RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int8send';
CREATE FUNCTION money_recv(internal) RETURNS "Own ""types"""."Money" LANGUAGE internal IMMUTABLE STRICT AS 'int8recv';
CREATE TYPE "Own ""types"""."Money" (
    INPUT = money_in, OUTPUT = money_out, SEND = money_send, RECEIVE = money_recv,
    INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double, CATEGORY = 'N', DEFAULT = '0', DELIMITER = ';'
);
COMMENT ON TYPE "Own ""types"""."Money" IS 'in cents';
GRANT USAGE ON TYPE "Own ""types"""."Money" TO pg_monitor;
REVOKE USAGE ON TYPE "Own ""types"""."Money" FROM PUBLIC;
COMMENT ON FUNCTION money_in(cstring) IS 'reads';
REVOKE EXECUTE ON FUNCTION money_in(cstring) FROM PUBLIC;
CREATE FUNCTION same("Own ""types"""."Money", "Own ""types"""."Money") RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8eq';
CREATE FUNCTION less("Own ""types"""."Money", "Own ""types"""."Money") RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8lt';
CREATE FUNCTION more("Own ""types"""."Money", "Own ""types"""."Money") RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int8gt';
CREATE FUNCTION compared("Own ""types"""."Money", "Own ""types"""."Money") RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint8cmp';
CREATE OPERATOR = (FUNCTION = same, LEFTARG = "Own ""types"""."Money", RIGHTARG = "Own ""types"""."Money", COMMUTATOR = =);
CREATE OPERATOR < (FUNCTION = less, LEFTARG = "Own ""types"""."Money", RIGHTARG = "Own ""types"""."Money");
CREATE OPERATOR > (FUNCTION = more, LEFTARG = "Own ""types"""."Money", RIGHTARG = "Own ""types"""."Money");
CREATE OPERATOR CLASS money_ops DEFAULT FOR TYPE "Own ""types"""."Money" USING btree AS
    OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 compared("Own ""types"""."Money", "Own ""types"""."Money");
CREATE CAST (bigint AS "Own ""types"""."Money") WITHOUT FUNCTION;
CREATE CAST ("Own ""types"""."Money" AS bigint) WITHOUT FUNCTION AS IMPLICIT;
CREATE TABLE orders (
    id bigint PRIMARY KEY, note text,
    price "Own ""types"""."Money" DEFAULT '12', prices "Own ""types"""."Money"[]
);
CREATE INDEX orders_price ON orders (price);
CREATE VIEW dear AS SELECT id, price FROM orders WHERE price > '100';
CREATE FUNCTION of("Own ""types"""."Money") RETURNS bigint LANGUAGE sql AS 'SELECT $1::bigint';
