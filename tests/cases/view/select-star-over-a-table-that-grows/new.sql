CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE VIEW everything AS SELECT * FROM t;
CREATE VIEW rows AS SELECT t AS r FROM t;
