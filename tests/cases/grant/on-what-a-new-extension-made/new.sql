CREATE ROLE reader;
CREATE TABLE t (a int); GRANT SELECT ON t TO reader;
CREATE EXTENSION pgcrypto;
REVOKE ALL ON FUNCTION crypt(text,text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION public.crypt(text,text) TO reader;
