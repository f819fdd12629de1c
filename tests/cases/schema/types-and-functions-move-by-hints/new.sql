CREATE SCHEMA app;
-- pgrehearse: renamed from public.kind
CREATE TYPE app.kind AS ENUM ('a', 'b');
-- pgrehearse: renamed from public.pair
CREATE TYPE app.pair AS (a int, k app.kind);
-- pgrehearse: renamed from public.small
CREATE DOMAIN app.small AS int CHECK (VALUE < 10);
-- pgrehearse: renamed from public.numbers
CREATE SEQUENCE app.numbers;
-- pgrehearse: renamed from public.twice
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION of_kind(k app.kind, p app.pair) RETURNS app.kind LANGUAGE sql IMMUTABLE AS 'SELECT k';
CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('app.numbers'), k app.kind NOT NULL DEFAULT 'a', p app.pair, s app.small, CHECK (app.twice(s) < 30));
CREATE INDEX t_k ON t (of_kind(k, p));
CREATE VIEW v AS SELECT app.twice(id) AS t, k FROM t;
