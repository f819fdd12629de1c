-- insert
INSERT INTO tasks (n, level) VALUES ($1::bigint, 'mid') RETURNING level::text;
-- insert: by the default
INSERT INTO tasks (n) VALUES ($1::bigint) RETURNING level::text;
-- update
UPDATE tasks SET level = CASE level WHEN 'high' THEN 'low' ELSE 'high' END::level WHERE n = $1::bigint RETURNING level::text;
-- update
UPDATE tasks SET note = 'x' WHERE n = $1::bigint RETURNING level::text;
-- delete
DELETE FROM tasks WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT level FROM tasks WHERE n = $1::bigint;
-- check
SELECT n, level::text FROM tasks;
-- at the end
SELECT enum_range(NULL::level)::text = '{low,mid,high}';
SELECT bool_and(level IN ('mid', 'high')) FROM urgent;
