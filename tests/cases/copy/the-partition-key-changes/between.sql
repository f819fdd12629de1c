UPDATE readings SET region = 'east' WHERE id = 3;
UPDATE readings SET day = '2024-01-05', value = 0 WHERE id = 50;
DELETE FROM readings WHERE id = 1;
INSERT INTO readings VALUES (100, 'south', '2025-01-01', 1);
