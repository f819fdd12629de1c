INSERT INTO orders SELECT i, (ARRAY['draft','open','done'])[i % 3 + 1]::status, '{open,done}', NULL FROM generate_series(1, 60) i;
INSERT INTO log VALUES (now(), 'open'), (now(), NULL);
