CREATE TABLE a (id int PRIMARY KEY, code text NOT NULL);
CREATE TABLE c (a_id int);
