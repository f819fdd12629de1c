INSERT INTO customers SELECT g, 'u' FROM generate_series(1, 20) g;
