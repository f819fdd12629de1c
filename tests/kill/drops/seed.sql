INSERT INTO customers SELECT g, 'c' || g, '+49' || g FROM generate_series(1, 1500) g;
INSERT INTO doomed SELECT generate_series(1, 100);
INSERT INTO orders SELECT g, 'n' || g FROM generate_series(1, 1500) g;
