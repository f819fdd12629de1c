CREATE CAST (integer AS date) WITHOUT FUNCTION;
CREATE FUNCTION to_number(boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint';
CREATE CAST (boolean AS bigint) WITH FUNCTION to_number(boolean);
