INSERT INTO none_to_identity SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO none_to_serial SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO serial_to_identity SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO identity_to_serial OVERRIDING SYSTEM VALUE SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO serial_to_none SELECT g, 'v' FROM generate_series(1, 20) g;
SELECT setval('serial_to_identity_id_seq', 100);
SELECT setval('identity_to_serial_id_seq', 200);
