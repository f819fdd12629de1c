CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE profiles (user_id bigint PRIMARY KEY, bio text);
