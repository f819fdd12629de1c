INSERT INTO texts SELECT g, ('t' || g)::words, ARRAY['a'::words], 's' FROM generate_series(1, 100) g;
