CREATE TABLE t (id int PRIMARY KEY, a int, b int);
CREATE UNIQUE INDEX one ON t (b);
CREATE UNIQUE INDEX two ON t (a);
