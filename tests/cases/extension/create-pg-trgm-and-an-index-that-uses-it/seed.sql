INSERT INTO articles SELECT g, 'title ' || g FROM generate_series(1, 30) g;
