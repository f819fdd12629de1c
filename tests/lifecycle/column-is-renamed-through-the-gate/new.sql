CREATE TABLE users (
    n bigint PRIMARY KEY,
    -- pgrehearse: renamed from user_name
    username text NOT NULL DEFAULT 'nobody',
    note text
);
CREATE UNIQUE INDEX users_name ON users (username, n);
