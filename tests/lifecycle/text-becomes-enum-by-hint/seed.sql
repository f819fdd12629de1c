INSERT INTO tasks SELECT g, (ARRAY['new', 'busy', 'done'])[1 + g % 3] FROM generate_series(1, 1500) g;
