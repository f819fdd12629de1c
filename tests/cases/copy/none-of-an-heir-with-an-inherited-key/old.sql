CREATE TABLE base (id bigint PRIMARY KEY, kind varchar(10));
CREATE TABLE img (w int, CONSTRAINT img_pk PRIMARY KEY (id), area int GENERATED ALWAYS AS (w * 2) STORED) INHERITS (base);
