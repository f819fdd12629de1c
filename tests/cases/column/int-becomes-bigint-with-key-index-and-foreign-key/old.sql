CREATE TABLE parents (id int PRIMARY KEY, name text);
CREATE TABLE children (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parents ON DELETE CASCADE, n int DEFAULT 0);
CREATE INDEX children_parent ON children (parent_id);
