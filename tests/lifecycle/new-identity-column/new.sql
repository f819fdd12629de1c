CREATE TABLE t (n bigint PRIMARY KEY, note text, no bigint GENERATED ALWAYS AS IDENTITY, tag serial NOT NULL);
