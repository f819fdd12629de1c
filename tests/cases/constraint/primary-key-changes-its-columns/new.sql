CREATE TABLE t (tenant int NOT NULL, id int NOT NULL, v text, PRIMARY KEY (tenant, id), UNIQUE (id));
CREATE TABLE log (t_id int REFERENCES t (id));
