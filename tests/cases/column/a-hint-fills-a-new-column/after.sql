DO $$ BEGIN
    ASSERT (SELECT login = 'new@x.example' AND feels = 'calm' FROM users WHERE id = 101);
    ASSERT (SELECT login = 'mine' FROM users WHERE id = 102);
    ASSERT (SELECT login = 'b@x.example' FROM users WHERE id = 1);
    ASSERT (SELECT login = 'a2@x.example' AND feels = 'calm' AND size = 12 FROM users WHERE id = 2);
    ASSERT (SELECT bool_and(year = 2026) FROM parts);
END $$;
INSERT INTO users (id, login) VALUES (103, 'x');
DO $$ BEGIN
    ASSERT (SELECT feels = 'wild' AND size IS NULL FROM users WHERE id = 103);
END $$;
