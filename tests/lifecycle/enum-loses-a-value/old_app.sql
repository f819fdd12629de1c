-- insert
INSERT INTO tasks (n, status) VALUES ($1::bigint, 'done') RETURNING status::text;
-- insert: by the default
INSERT INTO tasks (n) VALUES ($1::bigint) RETURNING status::text;
-- insert: what goes away, refused from the expansion on
INSERT INTO tasks (n, status) SELECT $1::bigint, CASE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE '~pgrehearse%') THEN 'lost' ELSE 'done' END::status RETURNING status::text;
-- update
UPDATE tasks SET status = 'done' WHERE n = $1::bigint RETURNING status::text;
-- update
UPDATE tasks SET note = 'x' WHERE n = $1::bigint RETURNING status::text;
-- delete
DELETE FROM tasks WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT status FROM tasks WHERE n = $1::bigint;
-- check
SELECT n, status::text FROM tasks;
-- at the end
SELECT enum_range(NULL::status)::text = '{new,done}';
