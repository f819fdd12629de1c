INSERT INTO t (id, name) VALUES (101, 'x');
