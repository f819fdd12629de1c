INSERT INTO customers SELECT g, 'c' || g, '+49' || g FROM generate_series(1, 1500) g;
