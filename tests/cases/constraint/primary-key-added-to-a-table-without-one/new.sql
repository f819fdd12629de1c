CREATE TABLE a (id int PRIMARY KEY, v text);
CREATE TABLE b (x int NOT NULL, y int NOT NULL, z text, CONSTRAINT b_key PRIMARY KEY (x, y));
