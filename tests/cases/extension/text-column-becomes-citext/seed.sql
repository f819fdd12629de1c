INSERT INTO logins SELECT g, 'User' || g FROM generate_series(1, 10) g;
