CREATE TABLE shapes (id int PRIMARY KEY);
