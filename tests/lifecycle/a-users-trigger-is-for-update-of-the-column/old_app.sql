-- insert
INSERT INTO orders (n, total) VALUES ($1::bigint, 3) RETURNING total || '/' || changes;
-- update
UPDATE orders SET total = total + 1 WHERE n = $1::bigint RETURNING total || '/' || changes;
-- update
UPDATE orders SET note = 'x' WHERE n = $1::bigint RETURNING total || '/' || changes;
-- read
SELECT total FROM orders WHERE n = $1::bigint;
-- check
SELECT n, total || '/' || changes FROM orders;
-- at the end
UPDATE orders SET changes = 0 WHERE n = 1 RETURNING changes = 0;
UPDATE orders SET total = 1 WHERE n = 1 RETURNING changes = 1;
