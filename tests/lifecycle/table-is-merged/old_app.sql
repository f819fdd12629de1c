-- insert
WITH u AS (INSERT INTO users (n, name) VALUES ($1::bigint, 'n') RETURNING n) INSERT INTO profiles (user_n, bio) SELECT n, 'n' || n FROM u RETURNING bio || '/' || coalesce(site, '-');
-- update
UPDATE profiles SET bio = bio || ',' WHERE user_n = $1::bigint RETURNING bio || '/' || coalesce(site, '-');
-- update: of the whole
UPDATE users SET name = name || ',' WHERE n = $1::bigint RETURNING (SELECT p.bio || '/' || coalesce(p.site, '-') FROM profiles p WHERE p.user_n = users.n);
-- delete
DELETE FROM users WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT bio FROM profiles WHERE user_n = $1::bigint;
-- check
SELECT u.n, p.bio || '/' || coalesce(p.site, '-') FROM users u JOIN profiles p ON p.user_n = u.n;
