CREATE DOMAIN code AS text CONSTRAINT goes CHECK (VALUE <> '') CONSTRAINT stays CHECK (length(VALUE) < 10);
COMMENT ON CONSTRAINT goes ON DOMAIN code IS 'kept for the way back';
COMMENT ON CONSTRAINT stays ON DOMAIN code IS 'one';
CREATE TABLE t (id int PRIMARY KEY, c code);
