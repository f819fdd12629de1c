CREATE TABLE u (id bigint PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW m1 AS SELECT u.id, u.name, count(*) AS s FROM u GROUP BY u.id;
