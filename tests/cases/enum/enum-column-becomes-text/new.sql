CREATE TABLE things (id int PRIMARY KEY, kind text NOT NULL DEFAULT 'a');
