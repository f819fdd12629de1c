CREATE TABLE a (id int PRIMARY KEY, code varchar(5) COLLATE "C" UNIQUE);
CREATE TABLE b (a_id int, code varchar(5) COLLATE "C" REFERENCES a (code));
