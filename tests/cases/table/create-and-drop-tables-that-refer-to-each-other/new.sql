CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE likes (post_id int, user_id int REFERENCES users, PRIMARY KEY (post_id, user_id));
CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users, body text);
ALTER TABLE likes ADD FOREIGN KEY (post_id) REFERENCES posts;
