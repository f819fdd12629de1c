CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA public;
CREATE TABLE u (id int PRIMARY KEY, n text);
CREATE VIEW uv AS SELECT id, similarity(n, 'x') s FROM u;
