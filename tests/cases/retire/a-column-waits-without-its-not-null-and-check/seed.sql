INSERT INTO customers SELECT i, 'n' || i, '+49' || i FROM generate_series(1, 200) i;
