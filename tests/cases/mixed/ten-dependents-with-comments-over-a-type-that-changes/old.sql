CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TABLE people (id int PRIMARY KEY, name varchar(20) NOT NULL, "Mood" mood, age int,
    CONSTRAINT grown CHECK (age > 0));
CREATE INDEX people_name ON people (lower(name));
CREATE STATISTICS people_both ON name, age FROM people;
CREATE FUNCTION shout(n text) RETURNS text LANGUAGE sql IMMUTABLE RETURN upper(n);
CREATE VIEW v1 AS SELECT id, name, "Mood", age FROM people;
CREATE VIEW v2 AS SELECT shout(name) AS loud, name, age FROM v1;
CREATE MATERIALIZED VIEW m1 AS SELECT loud, max(age) AS age FROM v2 GROUP BY loud;
CREATE UNIQUE INDEX m1_loud ON m1 (loud);
CREATE VIEW v3 AS SELECT m1.loud, v1."Mood" FROM m1 JOIN v1 ON shout(v1.name) = m1.loud;
CREATE MATERIALIZED VIEW m2 AS SELECT "Mood", count(*) AS n FROM v3 GROUP BY "Mood";
CREATE VIEW v4 AS SELECT * FROM m2 WHERE n > 1;
CREATE FUNCTION pairs(OUT loud text, OUT n bigint) RETURNS SETOF record LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT v3.loud, m2.n FROM v3 JOIN m2 USING ("Mood"); END;
CREATE RULE v1_insert AS ON INSERT TO v1 DO INSTEAD INSERT INTO people VALUES (new.id, new.name, new."Mood", new.age);
CREATE RULE kept AS ON DELETE TO people WHERE old.age > 90 DO INSTEAD NOTHING;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY young ON people USING (age < 200);
CREATE FUNCTION checked() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER people_checked BEFORE UPDATE ON people FOR EACH ROW WHEN (old.name IS DISTINCT FROM new.name)
    EXECUTE FUNCTION checked();
COMMENT ON VIEW v1 IS 'v1';
COMMENT ON COLUMN v2.loud IS 'v2.loud';
COMMENT ON MATERIALIZED VIEW m1 IS 'm1';
COMMENT ON COLUMN m1.age IS 'm1.age';
COMMENT ON INDEX m1_loud IS 'm1_loud';
COMMENT ON VIEW v3 IS 'v3';
COMMENT ON COLUMN m2.n IS 'm2.n';
COMMENT ON VIEW v4 IS 'v4';
COMMENT ON RULE v1_insert ON v1 IS 'v1_insert';
COMMENT ON RULE kept ON people IS 'kept';
COMMENT ON POLICY young ON people IS 'young';
COMMENT ON TRIGGER people_checked ON people IS 'people_checked';
COMMENT ON FUNCTION pairs() IS 'pairs';
COMMENT ON STATISTICS people_both IS 'people_both';
