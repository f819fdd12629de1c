INSERT INTO sales SELECT g, 'r' || g % 20, g FROM generate_series(1, 2000) g;
