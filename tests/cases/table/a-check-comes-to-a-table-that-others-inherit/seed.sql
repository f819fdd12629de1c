INSERT INTO base SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO derived SELECT g, g, g FROM generate_series(1, 20) g;
INSERT INTO below SELECT g, g, g, g FROM generate_series(1, 20) g;
