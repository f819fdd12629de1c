CREATE TABLE t (id int PRIMARY KEY, a int, b int);
CREATE UNIQUE INDEX one ON t (a);
CREATE UNIQUE INDEX two ON t (b);
