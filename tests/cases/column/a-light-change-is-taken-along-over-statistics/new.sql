CREATE TABLE u (id int PRIMARY KEY, mail text, n bigint);
CREATE STATISTICS u_st ON mail, n FROM u;
