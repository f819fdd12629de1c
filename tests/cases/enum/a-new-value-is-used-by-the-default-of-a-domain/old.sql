CREATE TYPE st AS ENUM ('a','b');
CREATE DOMAIN std AS st DEFAULT 'a' CHECK (VALUE <> 'b');
CREATE TABLE t (id int, d std);
