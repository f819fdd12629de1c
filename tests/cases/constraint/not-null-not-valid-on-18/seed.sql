INSERT INTO t SELECT g, CASE WHEN g > 3 THEN 'a' END, 'b' FROM generate_series(1, 20) g;
