CREATE FUNCTION f(integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4up';
CREATE FUNCTION proof(integer) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true';
CREATE AGGREGATE mean(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize);
CREATE TABLE t (a int CHECK (f(a) > 0));
CREATE INDEX t_f ON t (f(a));
