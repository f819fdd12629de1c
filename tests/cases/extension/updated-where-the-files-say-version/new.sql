CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext VERSION '1.6';
COMMENT ON EXTENSION pg_trgm IS 'for names';
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE INDEX t_name ON public.t USING gin (name ext.gin_trgm_ops);
