-- insert
INSERT INTO users (n, email, login) VALUES ($1::bigint, 'New' || $1::bigint, 'new') RETURNING email;
-- update
UPDATE users SET login = login || '.' WHERE n = $1::bigint RETURNING email;
-- check
SELECT n, CASE WHEN rtrim(login, '.') IN (lower(email), 'new') THEN email END FROM users;
