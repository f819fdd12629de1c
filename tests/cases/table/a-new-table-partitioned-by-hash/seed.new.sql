INSERT INTO plain SELECT g FROM generate_series(1, 5) g;
INSERT INTO sessions SELECT gen_random_uuid(), '{}' FROM generate_series(1, 20) g;
