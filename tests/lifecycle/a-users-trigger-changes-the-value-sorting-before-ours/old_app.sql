-- insert
INSERT INTO users (n, email) VALUES ($1::bigint, 'A' || $1::bigint || '@B.C') RETURNING email::text;
-- update
UPDATE users SET email = 'X' || upper(left(email, 30)) WHERE n = $1::bigint RETURNING email::text;
-- update
UPDATE users SET note = 'x' WHERE n = $1::bigint RETURNING email::text;
-- read
SELECT email FROM users WHERE n = $1::bigint;
-- check
SELECT n, email::text FROM users;
