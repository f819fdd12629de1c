CREATE TABLE p (id bigint PRIMARY KEY);
CREATE TABLE t (n bigint PRIMARY KEY, p bigint);
