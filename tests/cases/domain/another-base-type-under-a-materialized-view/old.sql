CREATE DOMAIN mon AS numeric(10,2) CHECK (VALUE >= 0);
CREATE TABLE inv (id int PRIMARY KEY, total mon, c int);
CREATE MATERIALIZED VIEW rev AS SELECT c, sum(total) AS total FROM inv GROUP BY 1;
