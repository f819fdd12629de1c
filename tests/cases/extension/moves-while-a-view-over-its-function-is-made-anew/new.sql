CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE TABLE u (id bigint PRIMARY KEY, n text);
CREATE VIEW uv AS SELECT id, ext.similarity(n, 'x') s FROM u;
