CREATE TABLE p (a int NOT NULL, b int NOT NULL, UNIQUE (a, b));
CREATE TABLE c (id int PRIMARY KEY, x int, y int, CONSTRAINT c_to_p FOREIGN KEY (y, x) REFERENCES p (b, a) MATCH FULL);
