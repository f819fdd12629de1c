INSERT INTO tasks SELECT g, CASE WHEN g % 2 = 0 THEN 'new' ELSE 'done' END::status FROM generate_series(1, 1500) g;
