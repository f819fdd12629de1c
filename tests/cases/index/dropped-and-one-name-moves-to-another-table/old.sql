CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE TABLE u (id int PRIMARY KEY, a text);
CREATE INDEX gone ON t (a);
CREATE INDEX moving ON t (a DESC);
