CREATE TABLE job (id int PRIMARY KEY, state text);
CREATE FUNCTION due() RETURNS SETOF job LANGUAGE sql STABLE SET search_path = public AS $$ SELECT * FROM job $$;
CREATE MATERIALIZED VIEW due_jobs AS SELECT d.state, count(*) AS n FROM due() d GROUP BY d.state;
