-- insert
INSERT INTO users (n, username) VALUES ($1::bigint, 'u' || $1::bigint) RETURNING username;
-- insert
INSERT INTO users (n) VALUES ($1::bigint) RETURNING username;
-- update
UPDATE users SET username = username || '.' WHERE n = $1::bigint RETURNING username;
-- update
UPDATE users SET note = 'x' WHERE n = $1::bigint RETURNING username;
-- read
SELECT username FROM users WHERE n = $1::bigint;
-- check
SELECT n, username FROM users;
