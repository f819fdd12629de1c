INSERT INTO emp SELECT i, 'd', i FROM generate_series(1, 20) i;
INSERT INTO managers SELECT i, 'd', i FROM generate_series(21, 40) i;
