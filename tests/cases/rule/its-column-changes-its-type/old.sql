CREATE TABLE people (id int PRIMARY KEY, name varchar(20) NOT NULL, age int);
CREATE TABLE log (id int, name text, age int);
CREATE VIEW named AS SELECT id, name FROM people;
CREATE RULE kept AS ON DELETE TO people WHERE old.age > 100 DO INSTEAD INSERT INTO log VALUES (old.id, old.name, old.age);
CREATE RULE named_insert AS ON INSERT TO named DO INSTEAD INSERT INTO people (id, name) VALUES (new.id, new.name);
COMMENT ON RULE kept ON people IS 'the old stay';
COMMENT ON RULE named_insert ON named IS 'on the view';
