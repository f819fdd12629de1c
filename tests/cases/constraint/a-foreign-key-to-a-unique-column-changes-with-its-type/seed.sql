INSERT INTO a SELECT i, 'c' || i FROM generate_series(1,20) i; INSERT INTO b SELECT 'c' || i FROM generate_series(1,20) i;
