CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, age int);
CREATE TABLE log (id int, name text, extra text);
CREATE TABLE other (id int);
CREATE RULE kept AS ON DELETE TO people WHERE old.age > 100 DO INSTEAD INSERT INTO log (id, extra) VALUES (old.id, old.name);
CREATE RULE others AS ON INSERT TO other DO ALSO DELETE FROM log;
CREATE RULE from_log AS ON INSERT TO log DO ALSO DELETE FROM other WHERE id = new.id;
COMMENT ON RULE others ON other IS 'gone with it';
