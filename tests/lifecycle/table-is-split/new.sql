CREATE TABLE users (n bigint PRIMARY KEY, name text);
-- pgrehearse: split from users (bio, site) on profiles.user_n = users.n
CREATE TABLE profiles (user_n bigint PRIMARY KEY REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE, bio text NOT NULL DEFAULT '', site text, likes int DEFAULT 0);
