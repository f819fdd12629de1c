CREATE EXTENSION btree_gist;
CREATE TABLE emp (id int, valid daterange, CONSTRAINT emp_pk PRIMARY KEY (id, valid WITHOUT OVERLAPS));
