CREATE TYPE st AS ENUM ('a','b','c');
CREATE DOMAIN std AS st DEFAULT 'c' CHECK (VALUE <> 'b');
CREATE TABLE t (id int, d std);
