INSERT INTO people SELECT g, 'n' || g, ARRAY['t'], 's' || g, 'l' FROM generate_series(1, 300) g;
