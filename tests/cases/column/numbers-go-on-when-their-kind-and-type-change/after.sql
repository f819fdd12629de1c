INSERT INTO none_to_identity (v) VALUES ('new');
INSERT INTO none_to_serial (v) VALUES ('new');
INSERT INTO serial_to_identity (v) VALUES ('new');
INSERT INTO identity_to_serial (v) VALUES ('new');
DO $$ BEGIN
    ASSERT (SELECT id = 22 FROM none_to_identity WHERE v = 'new');
    ASSERT (SELECT id = 22 FROM none_to_serial WHERE v = 'new');
    ASSERT (SELECT id = 102 FROM serial_to_identity WHERE v = 'new');
    ASSERT (SELECT id = 202 FROM identity_to_serial WHERE v = 'new');
END $$;
