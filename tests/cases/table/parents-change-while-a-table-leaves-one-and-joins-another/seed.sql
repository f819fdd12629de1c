INSERT INTO a SELECT i, 'a', i FROM generate_series(11, 30) i;
INSERT INTO b SELECT i, 'b' FROM generate_series(1, 20) i;
INSERT INTO c (id, note, size, kind) SELECT i, 'c', i, 'c' FROM generate_series(1, 20) i;
INSERT INTO f SELECT i, i FROM generate_series(1, 20) i;
