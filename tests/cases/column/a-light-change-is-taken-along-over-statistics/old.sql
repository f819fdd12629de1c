CREATE TABLE u (id int PRIMARY KEY, mail varchar(10), n int);
CREATE STATISTICS u_st ON mail, n FROM u;
