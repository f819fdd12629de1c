CREATE TABLE t (v text, id bigserial PRIMARY KEY);
