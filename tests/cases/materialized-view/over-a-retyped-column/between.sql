INSERT INTO sales VALUES (5000, 'new', 7);
