CREATE TABLE t (id numeric(12,2) NOT NULL, is_new boolean GENERATED ALWAYS AS (id + 1 > 0) STORED, word text);
