CREATE TABLE t (id int PRIMARY KEY, no bigint);
CREATE TABLE s (id int PRIMARY KEY, no serial);
