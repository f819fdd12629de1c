CREATE TABLE people (id int PRIMARY KEY, name varchar(20) NOT NULL);
CREATE VIEW named AS SELECT id, name FROM people;
CREATE VIEW loud AS SELECT id, upper(name) AS name FROM named;
CREATE RULE named_insert AS ON INSERT TO named DO INSTEAD INSERT INTO people VALUES (new.id, new.name);
CREATE RULE loud_insert AS ON INSERT TO loud DO INSTEAD INSERT INTO named VALUES (new.id, lower(new.name));
COMMENT ON RULE loud_insert ON loud IS 'through the other';
