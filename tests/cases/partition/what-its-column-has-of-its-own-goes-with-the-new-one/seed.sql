INSERT INTO t VALUES (1, 1, 1, 'c', 'p'); INSERT INTO m VALUES (1, 1, 'w'), (2, 1, 'w');
