CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE TABLE tags (id int PRIMARY KEY, label ext.citext);
