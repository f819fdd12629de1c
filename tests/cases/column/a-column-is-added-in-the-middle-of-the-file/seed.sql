INSERT INTO people (id, last_name) SELECT g, 'n' || g FROM generate_series(1, 20) g;
