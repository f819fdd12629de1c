CREATE TABLE items (id int PRIMARY KEY, list_id int NOT NULL, pos int NOT NULL, CONSTRAINT u UNIQUE (list_id, pos) DEFERRABLE);
