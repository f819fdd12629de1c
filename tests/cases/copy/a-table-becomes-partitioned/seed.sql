INSERT INTO customers SELECT g FROM generate_series(1, 5) g;
INSERT INTO events (day, customer_id, note) SELECT '2022-12-01'::date + g * 20, 1 + g % 5, 'n' || g FROM generate_series(1, 60) g;
INSERT INTO details SELECT id, day FROM events WHERE id % 2 = 0;
