-- insert
INSERT INTO people (n, name) VALUES ($1::bigint, 'Brand ' || $1::bigint) RETURNING name::text;
-- update
UPDATE people SET name = lower(name) WHERE n = $1::bigint RETURNING name::text;
-- check
SELECT n, name::text FROM people;
