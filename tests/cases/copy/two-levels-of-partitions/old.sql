CREATE TABLE t (id int, day int, region text, note text, PRIMARY KEY (id, day, region));
