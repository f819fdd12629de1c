CREATE TYPE st AS ENUM ('new','old');
CREATE TABLE t (id int PRIMARY KEY, s st);
CREATE INDEX i ON t (id) WHERE s = 'new';
