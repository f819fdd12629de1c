INSERT INTO nodes (id, parent_id) SELECT g, nullif(g / 2, 0) FROM generate_series(1, 20) g;
