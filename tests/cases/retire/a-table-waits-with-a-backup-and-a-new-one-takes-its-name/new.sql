CREATE TABLE callers (id int PRIMARY KEY);
CREATE VIEW visits AS SELECT id FROM callers;
