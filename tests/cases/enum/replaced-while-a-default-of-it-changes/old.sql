CREATE TYPE st AS ENUM ('a','b','c');
CREATE TABLE t (s st DEFAULT 'a');
CREATE DOMAIN ds AS st;
