CREATE FUNCTION f(integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
CREATE FUNCTION proof(integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE AGGREGATE mean(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg);
CREATE TABLE t (a int CHECK (f(a) > 0));
CREATE INDEX t_f ON t (f(a));
