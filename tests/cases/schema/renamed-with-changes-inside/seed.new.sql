INSERT INTO "The Store".goods (id, name, price) SELECT i, 'n' || i, i FROM generate_series(1, 30) i;
INSERT INTO "The Store".items (id, goods, amount) SELECT i, i, i FROM generate_series(1, 30) i;
