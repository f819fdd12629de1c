CREATE TABLE p (a int NOT NULL, b int NOT NULL, UNIQUE (a, b));
CREATE TABLE c (id int PRIMARY KEY, x int, y int);
