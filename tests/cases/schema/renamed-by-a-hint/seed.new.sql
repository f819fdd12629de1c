INSERT INTO store.goods (name, price) SELECT 'n' || i, i FROM generate_series(1, 30) i; INSERT INTO orders (goods) SELECT i FROM generate_series(1, 30) i;
