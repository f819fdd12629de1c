CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE VIEW mine AS SELECT id FROM t;
CREATE VIEW yours WITH (security_invoker = true) AS SELECT v FROM t;
