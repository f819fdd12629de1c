CREATE TABLE users (n bigint PRIMARY KEY, user_name text NOT NULL DEFAULT 'nobody', note text);
CREATE UNIQUE INDEX users_name ON users (user_name, n);
