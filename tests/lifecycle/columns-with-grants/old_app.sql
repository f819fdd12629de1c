-- insert
INSERT INTO people (n, age, mail) VALUES ($1::bigint, 7, 'm') RETURNING age || '/' || mail;
-- update
UPDATE people SET age = age + 1 WHERE n = $1::bigint RETURNING age || '/' || mail;
-- update
UPDATE people SET mail = mail || '.' WHERE n = $1::bigint RETURNING age || '/' || mail;
-- delete
DELETE FROM people WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT age FROM people WHERE n = $1::bigint;
-- check
SELECT n, age || '/' || mail FROM people;
-- side by side
SELECT has_column_privilege('clerk', 'people', 'email', 'SELECT, UPDATE') AND has_column_privilege('clerk', 'people', 'mail', 'UPDATE');
SELECT has_column_privilege('auditor', 'people', '{people.age}', 'SELECT WITH GRANT OPTION');
