INSERT INTO events (n, kind, v) VALUES (1500000 + $, 1, 'new' || $);
INSERT INTO events_come (n, kind, v) VALUES (2500000 + $, 1, 'new' || $);
UPDATE events_gone SET v = 'written' WHERE n % 1000 = $;
UPDATE events SET v = 'written' WHERE n % 1000 = $ AND n < 2000000;
DELETE FROM events WHERE n = 500 + $;
