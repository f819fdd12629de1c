CREATE TABLE a (id int NOT NULL, v text);
CREATE TABLE b (x int NOT NULL, y int NOT NULL, z text);
CREATE UNIQUE INDEX b_x_y ON b (x, y);
