INSERT INTO people SELECT g, 'Name ' || g, 'X' FROM generate_series(1, 1500) g;
