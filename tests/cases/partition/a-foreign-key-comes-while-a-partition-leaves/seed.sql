INSERT INTO customers SELECT generate_series(0, 9);
INSERT INTO orders_0 SELECT i, i % 10 FROM generate_series(0, 99) i;
INSERT INTO orders SELECT i, i % 10 FROM generate_series(100, 149) i;
