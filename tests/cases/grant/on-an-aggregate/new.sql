CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); GRANT EXECUTE ON FUNCTION agg(int) TO pg_monitor;
