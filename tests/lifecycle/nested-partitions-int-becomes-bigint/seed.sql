INSERT INTO events SELECT g, CASE WHEN g % 3 = 0 THEN 'b' ELSE 'a' END, g % 100 FROM generate_series(1, 1500) g;
