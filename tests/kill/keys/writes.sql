INSERT INTO orders (n, seller_id, total, code, note) VALUES (1000000 + $, 1, $, 'new' || $, 'new');
UPDATE orders SET total = total + 1000, note = 'written ' || $ WHERE n % 1000 = $;
DELETE FROM orders WHERE n = 500 + $;
INSERT INTO codes (v, code) VALUES (1000000 + $, 'new');
UPDATE codes SET code = 'written' WHERE v % 1000 = $;
