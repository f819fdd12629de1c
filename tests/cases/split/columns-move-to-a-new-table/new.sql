CREATE TABLE users (
    id bigint PRIMARY KEY,
    name text NOT NULL
);
-- pgrehearse: split from users (display_name, avatar_url) on user_profiles.user_id = users.id
CREATE TABLE user_profiles (
    user_id bigint PRIMARY KEY,
    display_name text,
    avatar_url varchar(200)
);
