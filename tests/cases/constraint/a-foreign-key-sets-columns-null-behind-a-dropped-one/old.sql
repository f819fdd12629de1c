CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (gone int, id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE);
