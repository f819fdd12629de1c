-- insert
INSERT INTO users (n, name, bio) VALUES ($1::bigint, 'o', 'o' || $1::bigint) RETURNING bio || '/' || coalesce(site, '-');
-- update
UPDATE users SET bio = bio || '.', site = 's' WHERE n = $1::bigint RETURNING bio || '/' || coalesce(site, '-');
-- update: of what was there
UPDATE users SET name = name || '.' WHERE n = $1::bigint RETURNING bio || '/' || coalesce(site, '-');
-- delete
DELETE FROM users WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT bio FROM users WHERE n = $1::bigint;
-- check
SELECT n, bio || '/' || coalesce(site, '-') FROM users;
