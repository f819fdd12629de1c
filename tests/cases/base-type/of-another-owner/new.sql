CREATE TABLE t (id int);
CREATE TYPE amount;
CREATE FUNCTION amount_in(cstring) RETURNS amount LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION amount_out(amount) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE amount (INPUT = amount_in, OUTPUT = amount_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4);
ALTER TYPE amount OWNER TO owner_one; ALTER FUNCTION amount_in(cstring) OWNER TO owner_one;
