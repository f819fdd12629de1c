UPDATE events SET day = day + 365 WHERE id = 3;
UPDATE events SET note = 'changed' WHERE id BETWEEN 11 AND 15;
DELETE FROM events WHERE id = 20;
INSERT INTO events (day, customer_id) VALUES ('2023-05-05', 1), ('2024-05-05', 2), ('1999-05-05', 3);
