CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE VIEW grows AS SELECT id, a, b FROM t;
CREATE VIEW shrinks AS SELECT id, b FROM t;
CREATE VIEW turns AS SELECT id, b AS second, a AS first FROM t;
