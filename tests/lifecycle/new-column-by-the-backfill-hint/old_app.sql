-- insert
INSERT INTO users (n, email) VALUES ($1::bigint, 'Old' || $1::bigint) RETURNING email;
-- update: another column, perhaps of a row that is not filled yet
UPDATE users SET note = 'x' WHERE n = $1::bigint RETURNING email;
-- delete
DELETE FROM users WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, email FROM users;
