CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE old_posts (id int PRIMARY KEY, user_id int REFERENCES users, body text);
CREATE TABLE old_likes (post_id int REFERENCES old_posts, user_id int REFERENCES users, PRIMARY KEY (post_id, user_id));
