INSERT INTO none_to_identity OVERRIDING SYSTEM VALUE SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO none_to_serial SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO serial_to_identity SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO identity_to_serial SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO serial_to_none SELECT g, 'v' FROM generate_series(1, 20) g;
