INSERT INTO o SELECT g, g, g FROM generate_series(1, 50) g; INSERT INTO p SELECT g, g FROM generate_series(1, 50) g;
