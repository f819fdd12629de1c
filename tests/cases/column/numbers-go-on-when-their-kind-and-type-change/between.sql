INSERT INTO none_to_identity VALUES (21, 'old');
INSERT INTO none_to_serial VALUES (21, 'old');
INSERT INTO serial_to_identity (v) VALUES ('old');
INSERT INTO identity_to_serial (v) VALUES ('old');
INSERT INTO serial_to_none (id) VALUES (21);
