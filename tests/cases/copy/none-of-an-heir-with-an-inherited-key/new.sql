CREATE TABLE base (id bigint PRIMARY KEY, kind varchar(10));
CREATE TABLE img (w bigint, CONSTRAINT img_pk PRIMARY KEY (id)) INHERITS (base);
