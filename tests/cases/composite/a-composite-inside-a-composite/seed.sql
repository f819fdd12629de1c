INSERT INTO stops (id, at) SELECT g, ROW(g, g)::pos FROM generate_series(1, 7) g;
