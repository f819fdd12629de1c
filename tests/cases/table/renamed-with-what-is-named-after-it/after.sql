-- The sequences go on where they stood.
INSERT INTO customers (email) VALUES ('new');
INSERT INTO bills (client) VALUES (1);
DO $$ BEGIN
    ASSERT (SELECT id = 31 AND number = 31 FROM customers WHERE email = 'new');
    ASSERT (SELECT max(bill) = 21 FROM bills);
END $$;
