INSERT INTO t SELECT g, 'c' || g, CASE WHEN g % 2 = 0 THEN 'open' ELSE 'shut' END FROM generate_series(1, 20) g;
