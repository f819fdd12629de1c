CREATE TABLE a (id int);
CREATE TABLE b (y text);
CREATE TABLE c (y text) INHERITS (a);
