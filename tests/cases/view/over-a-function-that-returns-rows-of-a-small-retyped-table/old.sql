CREATE TABLE job (id int PRIMARY KEY, state text);
CREATE FUNCTION due() RETURNS SETOF job LANGUAGE sql STABLE AS $$ SELECT * FROM job $$;
CREATE VIEW due_jobs AS SELECT id, state FROM due();
