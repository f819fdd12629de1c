CREATE TABLE a (id int PRIMARY KEY, code text COLLATE "POSIX" UNIQUE);
CREATE TABLE b (a_id int, code text COLLATE "POSIX" REFERENCES a (code));
