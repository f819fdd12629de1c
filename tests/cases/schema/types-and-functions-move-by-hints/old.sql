CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TYPE pair AS (a int, k kind);
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION of_kind(k kind, p pair) RETURNS kind LANGUAGE sql IMMUTABLE AS 'SELECT k';
CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('numbers'), k kind NOT NULL DEFAULT 'a', p pair, s small, CHECK (twice(s) < 30));
CREATE INDEX t_k ON t (of_kind(k, p));
CREATE VIEW v AS SELECT twice(id) AS t, k FROM t;
