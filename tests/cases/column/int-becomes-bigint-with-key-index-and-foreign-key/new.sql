CREATE TABLE parents (id bigint PRIMARY KEY, name text);
CREATE TABLE children (id int PRIMARY KEY, parent_id bigint NOT NULL REFERENCES parents ON DELETE CASCADE, n bigint DEFAULT 0);
CREATE INDEX children_parent ON children (parent_id);
