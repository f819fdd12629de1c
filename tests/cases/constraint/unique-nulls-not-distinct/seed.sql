INSERT INTO t SELECT g, CASE WHEN g > 1 THEN 'a' || g END, g FROM generate_series(1, 20) g;
