INSERT INTO shop.goods (id, name, price) SELECT i, 'n' || i, i FROM generate_series(1, 30) i;
INSERT INTO shop.lines (id, goods, amount) SELECT i, i, i FROM generate_series(1, 30) i;
