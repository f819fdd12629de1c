CREATE TABLE users (n bigint PRIMARY KEY, name text, bio text NOT NULL DEFAULT '', site text);
