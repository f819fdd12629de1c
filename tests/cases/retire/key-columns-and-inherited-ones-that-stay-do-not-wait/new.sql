CREATE TABLE base (id int);
CREATE TABLE derived (id int, tag text, extra int) INHERITS (base);
CREATE TABLE pairs (a int, note text DEFAULT 'x');
