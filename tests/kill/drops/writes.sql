INSERT INTO orders (n, note) VALUES (1000000 + $, 'new');
UPDATE customers SET name = 'written' WHERE n % 1000 = $;
DELETE FROM orders WHERE n = 500 + $;
