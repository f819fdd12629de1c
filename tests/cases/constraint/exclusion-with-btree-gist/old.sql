CREATE EXTENSION btree_gist;
CREATE TABLE stays (id int PRIMARY KEY, room int NOT NULL, during daterange NOT NULL);
