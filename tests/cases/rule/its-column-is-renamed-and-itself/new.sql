CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL,
    -- pgrehearse: renamed from age
    years int);
CREATE TABLE log (id int, name text);
-- pgrehearse: renamed from kept
CREATE RULE "Stay" AS ON DELETE TO people WHERE old.years > 100 DO INSTEAD INSERT INTO log VALUES (old.id, old.name);
COMMENT ON RULE "Stay" ON people IS 'the old stay';
