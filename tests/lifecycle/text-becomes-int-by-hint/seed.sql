INSERT INTO items SELECT g, CASE WHEN g % 10 > 0 THEN (g % 50)::text END FROM generate_series(1, 1500) g;
