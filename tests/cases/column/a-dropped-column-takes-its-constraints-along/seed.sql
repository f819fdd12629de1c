INSERT INTO owners VALUES (1), (2);
INSERT INTO t (id, low) SELECT g, g FROM generate_series(1, 20) g;
