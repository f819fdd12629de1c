INSERT INTO "Order Items" ("State", size) SELECT CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END, 'x' FROM generate_series(1, 40) i;
