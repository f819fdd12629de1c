INSERT INTO days SELECT g, 'happy', '[sad,happy)' FROM generate_series(1, 100) g;
