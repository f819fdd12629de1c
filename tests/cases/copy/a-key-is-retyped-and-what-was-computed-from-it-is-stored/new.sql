CREATE TABLE t (id bigint PRIMARY KEY, twice bigint);
CREATE TABLE u (t_id bigint NOT NULL REFERENCES t);
