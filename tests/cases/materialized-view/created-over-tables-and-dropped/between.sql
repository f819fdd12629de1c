INSERT INTO sales VALUES (5000, 'written while the plan runs', 1, '2024-05-05');
