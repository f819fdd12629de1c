INSERT INTO o VALUES (1); INSERT INTO w SELECT g, g % 10, 1, g::text FROM generate_series(1, 200) g;
