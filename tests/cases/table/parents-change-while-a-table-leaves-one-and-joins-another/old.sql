CREATE TABLE a (id int, note text, gone int, CONSTRAINT a_id CHECK (id > 0));
CREATE TABLE b (size int, kind text);
CREATE TABLE c (size int, id int, note text, kind text, CONSTRAINT a_id CHECK (id > 0)) INHERITS (a);
CREATE TABLE d (k int);
CREATE TABLE e (l int);
CREATE TABLE f (k int, l int) INHERITS (d);
