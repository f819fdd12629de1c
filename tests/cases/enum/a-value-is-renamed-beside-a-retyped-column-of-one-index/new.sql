CREATE TYPE st AS ENUM (
-- pgrehearse: renamed from 'new'
'fresh','old');
CREATE TABLE t (id bigint PRIMARY KEY, s st);
CREATE INDEX i ON t (id) WHERE s = 'fresh';
