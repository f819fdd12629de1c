INSERT INTO t (id, a_name) VALUES (101, 'x');
