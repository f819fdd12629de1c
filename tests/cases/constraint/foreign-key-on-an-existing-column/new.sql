CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE INDEX child_parent ON child (parent_id);
