CREATE TABLE users (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from username
    user_name text NOT NULL,
    mail text
);
CREATE UNIQUE INDEX users_name ON users (lower(user_name));
