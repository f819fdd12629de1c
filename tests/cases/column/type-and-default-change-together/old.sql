CREATE TABLE t (id int PRIMARY KEY, flag boolean NOT NULL DEFAULT false, ratio int DEFAULT 1);
