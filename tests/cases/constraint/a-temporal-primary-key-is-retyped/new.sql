CREATE EXTENSION btree_gist;
CREATE TABLE emp (id bigint, valid daterange, CONSTRAINT emp_pk PRIMARY KEY (id, valid WITHOUT OVERLAPS));
