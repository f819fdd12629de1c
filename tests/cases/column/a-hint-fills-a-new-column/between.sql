INSERT INTO users (id, email) VALUES (101, 'NEW@x.example');
INSERT INTO users (id, email, login) VALUES (102, 'GIVEN@x.example', 'mine');
UPDATE users SET email = 'B@x.example' WHERE id = 1;
INSERT INTO parts VALUES (101, '2026-06-01');
