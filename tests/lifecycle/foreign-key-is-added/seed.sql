INSERT INTO p SELECT generate_series(1, 100);
INSERT INTO t SELECT g, 1 + g % 100 FROM generate_series(1, 1500) g;
