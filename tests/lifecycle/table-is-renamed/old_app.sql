-- insert
INSERT INTO clients (n, name) VALUES ($1::bigint, 'x' || $1::bigint) RETURNING name;
-- insert: by the default
INSERT INTO clients (n) VALUES ($1::bigint) RETURNING name;
-- update
UPDATE clients SET name = name || '.' WHERE n = $1::bigint RETURNING name;
-- delete
DELETE FROM clients WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT name FROM clients WHERE n = $1::bigint;
-- check
SELECT n, name FROM clients;
