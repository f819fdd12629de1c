CREATE TABLE a (id int);
CREATE TABLE b (y text, w int);
CREATE TABLE c (y text) INHERITS (a, b);
