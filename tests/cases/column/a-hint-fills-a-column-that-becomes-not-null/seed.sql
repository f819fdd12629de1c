INSERT INTO t (id, v, w) SELECT g, CASE WHEN g % 2 = 0 THEN 'v' END, 'w' FROM generate_series(1, 20) g;
