INSERT INTO customers SELECT g, 'Mail' || g, 'nick' || g FROM generate_series(1, 2000) g;
INSERT INTO orders SELECT g, 1 + g % 2000, g % 1000, (ARRAY['open', 'paid', 'sent'])[1 + g % 3] FROM generate_series(1, 3000) g;
