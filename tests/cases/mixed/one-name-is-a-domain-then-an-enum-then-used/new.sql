CREATE TYPE status AS ENUM ('on', 'off');
CREATE TABLE thing (id int PRIMARY KEY, s status DEFAULT 'on');
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW other AS SELECT id FROM t;
