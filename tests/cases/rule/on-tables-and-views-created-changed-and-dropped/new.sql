CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE log (what text, id int);
CREATE VIEW present AS SELECT id, name FROM people WHERE NOT gone;
CREATE RULE changed AS ON UPDATE TO people WHERE old.name IS DISTINCT FROM new.name
    DO ALSO (INSERT INTO log VALUES ('renamed', new.id); INSERT INTO log VALUES ('twice', old.id));
CREATE RULE present_delete AS ON DELETE TO present DO INSTEAD UPDATE people SET gone = true WHERE id = old.id RETURNING people.id, people.name;
CREATE RULE present_insert AS ON INSERT TO present DO INSTEAD INSERT INTO people VALUES (new.id, new.name);
CREATE RULE "Off; ""odd""" AS ON DELETE TO log DO INSTEAD NOTHING;
CREATE RULE off AS ON INSERT TO people DO ALSO NOTIFY people;
ALTER TABLE people ENABLE ALWAYS RULE off;
ALTER TABLE people ENABLE REPLICA RULE changed;
COMMENT ON RULE changed ON people IS 'new';
COMMENT ON RULE "Off; ""odd""" ON log IS 'nothing is taken out';
COMMENT ON RULE present_insert ON present IS 'of the view';
