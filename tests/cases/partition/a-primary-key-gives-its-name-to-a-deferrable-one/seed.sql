INSERT INTO t SELECT generate_series(0, 149);
