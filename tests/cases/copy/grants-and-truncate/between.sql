TRUNCATE t, child;
INSERT INTO t (id, a) SELECT g, 1 FROM generate_series(15, 30) g;
SET ROLE pgrh_copy_writer;
INSERT INTO t (id, a) VALUES (100, 1);
UPDATE t SET a = 2 WHERE a = 1;
DELETE FROM t WHERE id = 20;
RESET ROLE;
INSERT INTO child VALUES (100);
