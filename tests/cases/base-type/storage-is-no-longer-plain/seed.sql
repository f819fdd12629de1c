INSERT INTO texts SELECT g, ('t' || g)::words, ARRAY['a'::words], 's', 'x' FROM generate_series(1, 100) g;
