-- pgrehearse: merge from user_profiles (display_name, avatar_url) on user_profiles.user_id = users.id
CREATE TABLE users (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    display_name text,
    avatar_url varchar(200)
);
