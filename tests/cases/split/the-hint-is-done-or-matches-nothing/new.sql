-- pgrehearse: merge from gone (mail) on gone.user_id = users.id
CREATE TABLE users (id bigint PRIMARY KEY, mail text);
-- pgrehearse: split from users (bio) on profiles.user_id = users.id
CREATE TABLE profiles (user_id bigint PRIMARY KEY, bio text);
-- pgrehearse: split from nobody (x) on t.id = nobody.id
CREATE TABLE t (id int, x int);
