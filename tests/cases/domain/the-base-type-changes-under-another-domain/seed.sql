INSERT INTO d SELECT i, i, ARRAY[i, 1] FROM generate_series(1, 20) i;
