CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, age int);
CREATE TABLE log (id int, name text);
CREATE RULE kept AS ON DELETE TO people WHERE old.age > 100 DO INSTEAD INSERT INTO log VALUES (old.id, old.name);
COMMENT ON RULE kept ON people IS 'the old stay';
