INSERT INTO cust (id, name) SELECT g, 'C' || g FROM generate_series(1, 50) g;
INSERT INTO ev SELECT g, 1 + g % 50, '2026-01-01'::date + g % 31 FROM generate_series(1, 200) g;
