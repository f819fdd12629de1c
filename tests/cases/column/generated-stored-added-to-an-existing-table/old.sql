CREATE TABLE t (id int PRIMARY KEY, net numeric(10,2) NOT NULL, title text);
