CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext VERSION '1.4';
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE INDEX t_name ON public.t USING gin (name ext.gin_trgm_ops);
