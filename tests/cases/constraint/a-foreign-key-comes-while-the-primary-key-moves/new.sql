CREATE TABLE a (id int NOT NULL, code text NOT NULL, PRIMARY KEY (code), UNIQUE (id));
CREATE TABLE c (a_id int REFERENCES a (id));
