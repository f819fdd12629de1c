INSERT INTO c (code) SELECT 'c' || g FROM generate_series(1, 30) g;
INSERT INTO d SELECT code FROM c;
