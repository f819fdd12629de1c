CREATE LANGUAGE goes HANDLER plpgsql_call_handler;
CREATE FUNCTION in_it() RETURNS int LANGUAGE goes AS 'BEGIN RETURN 1; END';
CREATE LANGUAGE changes HANDLER plpgsql_call_handler;
COMMENT ON LANGUAGE changes IS 'one';
CREATE FUNCTION stays() RETURNS int LANGUAGE changes AS 'BEGIN RETURN 1; END';
CREATE FUNCTION from_it(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'dsimple_init';
CREATE FUNCTION to_it(internal) RETURNS integer LANGUAGE internal IMMUTABLE AS 'dsimple_init';
CREATE TRANSFORM FOR integer LANGUAGE changes (FROM SQL WITH FUNCTION from_it(internal));
