INSERT INTO t SELECT i, 'a' FROM generate_series(1,20) i; INSERT INTO t_b SELECT i, 'b', i FROM generate_series(1,20) i;
