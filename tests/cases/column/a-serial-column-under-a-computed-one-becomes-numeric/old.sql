CREATE TABLE t (id serial, is_new boolean GENERATED ALWAYS AS (id + 1 > 0) STORED, word text);
