-- pgrehearse: merge from profiles (bio, site) on profiles.user_n = users.n
CREATE TABLE users (n bigint PRIMARY KEY, name text, bio text NOT NULL DEFAULT '', site text);
