CREATE TABLE users (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from user_name
    username text NOT NULL,
    mail text
);
CREATE UNIQUE INDEX users_name ON users (lower(username));
