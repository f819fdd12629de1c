CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, low int);
