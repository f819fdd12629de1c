INSERT INTO base SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO derived SELECT g, g, g + 1 FROM generate_series(1, 20) g;
INSERT INTO t SELECT g, -g FROM generate_series(1, 20) g;
