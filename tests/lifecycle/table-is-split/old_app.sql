-- insert
INSERT INTO users (n, name, bio) VALUES ($1::bigint, 'o', 'o' || $1::bigint) RETURNING bio || '/' || coalesce(site, '-');
-- insert: without the columns that move
INSERT INTO users (n, name) VALUES ($1::bigint, 'o') RETURNING bio || '/' || coalesce(site, '-');
-- update
UPDATE users SET bio = bio || '.', site = 's' WHERE n = $1::bigint RETURNING bio || '/' || coalesce(site, '-');
-- update: of what stays
UPDATE users SET name = name || '.' WHERE n = $1::bigint RETURNING bio || '/' || coalesce(site, '-');
-- delete
DELETE FROM users WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT bio FROM users WHERE n = $1::bigint;
-- check
SELECT n, bio || '/' || coalesce(site, '-') FROM users;
