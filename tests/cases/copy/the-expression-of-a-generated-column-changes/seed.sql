INSERT INTO items (shop, number, price) SELECT g % 3, g, g FROM generate_series(1, 30) g;
