-- pgrehearse: renamed from u
CREATE TABLE t (id int, CONSTRAINT a PRIMARY KEY (id));
CREATE TABLE r (id int REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED);
