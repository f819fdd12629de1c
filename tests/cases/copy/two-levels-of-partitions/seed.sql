INSERT INTO t SELECT g, g, CASE WHEN g % 2 = 0 THEN 'north' ELSE 'south' END, 'n' FROM generate_series(1, 40) g;
