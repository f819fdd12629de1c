INSERT INTO plain SELECT g FROM generate_series(1, 5) g;
