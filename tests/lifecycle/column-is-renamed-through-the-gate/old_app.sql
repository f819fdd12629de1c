-- insert
INSERT INTO users (n, user_name) VALUES ($1::bigint, 'u' || $1::bigint) RETURNING user_name;
-- insert
INSERT INTO users (n) VALUES ($1::bigint) RETURNING user_name;
-- update
UPDATE users SET user_name = user_name || '.' WHERE n = $1::bigint RETURNING user_name;
-- update
UPDATE users SET note = 'x' WHERE n = $1::bigint RETURNING user_name;
-- read
SELECT user_name FROM users WHERE n = $1::bigint;
-- check
SELECT n, user_name FROM users;
-- side by side: the new value wins where both are given
INSERT INTO users (n, user_name, username) VALUES (-1, 'old', 'new') RETURNING user_name = 'new' AND username = 'new';
UPDATE users SET user_name = 'a', username = 'b' WHERE n = -1 RETURNING user_name = 'b' AND username = 'b';
