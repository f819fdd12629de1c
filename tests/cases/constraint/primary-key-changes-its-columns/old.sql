CREATE TABLE t (tenant int NOT NULL, id int NOT NULL, v text, PRIMARY KEY (id));
CREATE TABLE log (t_id int REFERENCES t (id));
