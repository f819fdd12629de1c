CREATE TABLE base (id int, tag text);
CREATE TABLE derived (id int, tag text, extra int) INHERITS (base);
CREATE TABLE pairs (a int, b int, note text DEFAULT 'x', PRIMARY KEY (a, b));
