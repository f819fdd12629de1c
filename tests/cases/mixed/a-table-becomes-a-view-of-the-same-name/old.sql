CREATE TABLE source (id int PRIMARY KEY, v int);
CREATE TABLE report (id int, v int);
