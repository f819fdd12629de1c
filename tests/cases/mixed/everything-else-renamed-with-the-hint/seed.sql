INSERT INTO parent SELECT generate_series(1, 30);
INSERT INTO t (s, p) VALUES ('x', (1, 'y')), (NULL, NULL), ('z', (2, NULL));
