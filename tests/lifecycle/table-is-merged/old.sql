CREATE TABLE users (n bigint PRIMARY KEY, name text);
CREATE TABLE profiles (user_n bigint PRIMARY KEY REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE, bio text NOT NULL DEFAULT '', site text);
