INSERT INTO clients (email) SELECT 'e' || i FROM generate_series(1, 30) i;
INSERT INTO bills (client) SELECT i FROM generate_series(1, 20) i;
DELETE FROM bills WHERE id > 10;
DELETE FROM clients WHERE id > 20;
