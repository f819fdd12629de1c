CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL);
CREATE TABLE parent (id int PRIMARY KEY);
