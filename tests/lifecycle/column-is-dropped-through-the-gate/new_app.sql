-- insert: it gives no value
INSERT INTO customers (n, name) VALUES ($1::bigint, 'n') RETURNING name;
-- update
UPDATE customers SET name = name || ',' WHERE n = $1::bigint RETURNING name;
-- delete
DELETE FROM customers WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, name FROM customers;
