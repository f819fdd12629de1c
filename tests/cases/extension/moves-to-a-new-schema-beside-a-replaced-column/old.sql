CREATE EXTENSION citext;
CREATE TABLE t (id int PRIMARY KEY, a citext, b text);
