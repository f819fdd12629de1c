CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE log (what text, id int);
CREATE VIEW present AS SELECT id, name FROM people WHERE NOT gone;
CREATE RULE changed AS ON UPDATE TO people WHERE old.name <> new.name DO ALSO INSERT INTO log VALUES ('renamed', new.id);
CREATE RULE present_delete AS ON DELETE TO present DO INSTEAD UPDATE people SET gone = true WHERE id = old.id;
CREATE RULE dropped AS ON INSERT TO log WHERE new.what IS NULL DO INSTEAD NOTHING;
CREATE RULE off AS ON INSERT TO people DO ALSO NOTIFY people;
ALTER TABLE people DISABLE RULE off;
COMMENT ON RULE changed ON people IS 'old';
