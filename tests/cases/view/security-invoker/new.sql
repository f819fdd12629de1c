CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE VIEW mine WITH (security_invoker = true, security_barrier = true) AS SELECT id FROM t;
CREATE VIEW yours AS SELECT v FROM t;
