CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA public;
CREATE TABLE tags (id int PRIMARY KEY, label public.citext);
