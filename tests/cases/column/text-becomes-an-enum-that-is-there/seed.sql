INSERT INTO b SELECT i, (CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END)::state FROM generate_series(1, 40) i;
