INSERT INTO crossings VALUES (1, 'Red', '{Red}'), (2, 'Green', NULL), (3, NULL, '{}');
