-- insert
INSERT INTO people (n, name) VALUES ($1::bigint, 'New ' || $1::bigint) RETURNING name::text;
-- insert: too long from the expansion on, and refused
INSERT INTO people (n, name) SELECT $1::bigint, CASE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE '~pgrehearse%') THEN repeat('x', 40) ELSE 'short' END RETURNING name::text;
-- update: the same
UPDATE people SET name = CASE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE '~pgrehearse%') THEN repeat('y', 40) ELSE 'y' END WHERE n = $1::bigint RETURNING name::text;
-- update
UPDATE people SET name = upper(name) WHERE n = $1::bigint RETURNING name::text;
-- delete
DELETE FROM people WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT name FROM people WHERE n = $1::bigint;
-- check
SELECT n, name::text FROM people;
