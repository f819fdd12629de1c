CREATE TABLE a (id int PRIMARY KEY, code varchar(30) UNIQUE); CREATE TABLE b (c varchar(30) REFERENCES a (code) DEFERRABLE);
