-- insert
INSERT INTO people (n, name) VALUES ($1::bigint, 'New ' || $1::bigint) RETURNING name::text;
-- update
UPDATE people SET name = upper(name) WHERE n = $1::bigint RETURNING name::text;
-- update
UPDATE people SET city = 'Y' WHERE n = $1::bigint RETURNING name::text;
-- read
SELECT name FROM people WHERE n = $1::bigint;
-- check
SELECT n, name::text FROM people;
