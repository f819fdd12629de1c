CREATE SCHEMA ext;
CREATE EXTENSION citext WITH SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE EXTENSION btree_gist;
CREATE DOMAIN mail AS ext.citext CHECK (VALUE OPERATOR(ext.~) '@'::ext.citext);
CREATE TYPE pair AS (a ext.citext, b mail);
CREATE TABLE t (id int PRIMARY KEY, name text);
CREATE TABLE u (
    id int, during int4range, address mail, tag ext.citext DEFAULT 'x',
    CHECK (ext.similarity(tag::text, 'x') >= 0),
    EXCLUDE USING gist (id WITH =, during WITH &&)
);
CREATE INDEX alike ON t USING gin (name ext.gin_trgm_ops);
CREATE INDEX alike_tag ON u (tag ext.citext_ops) WHERE tag OPERATOR(ext.=) 'x'::ext.citext;
CREATE FUNCTION f(ext.citext, pair DEFAULT NULL) RETURNS ext.citext BEGIN ATOMIC SELECT $1 WHERE ext.similarity($1::text, 'y') > 0; END;
CREATE VIEW v AS SELECT f(tag) AS tag, ext.show_trgm(address::text) AS parts FROM u;
