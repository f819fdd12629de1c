-- insert
INSERT INTO people (n, age, email) VALUES ($1::bigint, 7, 'm') RETURNING age || '/' || email;
-- update
UPDATE people SET age = age + 1 WHERE n = $1::bigint RETURNING age || '/' || email;
-- update
UPDATE people SET email = email || '.' WHERE n = $1::bigint RETURNING age || '/' || email;
-- delete
DELETE FROM people WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT age FROM people WHERE n = $1::bigint;
-- check
SELECT n, age || '/' || email FROM people;
-- at the end
SELECT has_column_privilege('clerk', 'people', 'age', 'UPDATE') AND NOT has_column_privilege('clerk', 'people', 'note', 'SELECT');
SELECT NOT has_column_privilege('auditor', 'people', 'age', 'UPDATE');
