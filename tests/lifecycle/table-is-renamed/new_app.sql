-- insert
INSERT INTO customers (n, name) VALUES ($1::bigint, 'x' || $1::bigint) RETURNING name;
-- insert: by the default
INSERT INTO customers (n) VALUES ($1::bigint) RETURNING name;
-- update
UPDATE customers SET name = name || '.' WHERE n = $1::bigint RETURNING name;
-- delete
DELETE FROM customers WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT name FROM customers WHERE n = $1::bigint;
-- check
SELECT n, name FROM customers;
