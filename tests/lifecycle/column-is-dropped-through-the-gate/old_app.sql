-- insert
INSERT INTO customers (n, name, fax) VALUES ($1::bigint, 'o', '+1') RETURNING name;
-- update
UPDATE customers SET fax = fax || '0' WHERE n = $1::bigint RETURNING name;
-- update
UPDATE customers SET name = name || '.' WHERE n = $1::bigint RETURNING name;
-- delete
DELETE FROM customers WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT fax FROM customers WHERE n = $1::bigint;
-- check
SELECT n, name FROM customers;
