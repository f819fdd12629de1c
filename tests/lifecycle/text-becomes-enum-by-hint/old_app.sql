-- insert
INSERT INTO tasks (n, status) VALUES ($1::bigint, 'new') RETURNING CASE status WHEN 'new' THEN 'open' ELSE status END;
-- insert: by the default
INSERT INTO tasks (n) VALUES ($1::bigint) RETURNING CASE status WHEN 'new' THEN 'open' ELSE status END;
-- update
UPDATE tasks SET status = 'busy' WHERE n = $1::bigint RETURNING CASE status WHEN 'new' THEN 'open' ELSE status END;
-- update
UPDATE tasks SET note = 'x' WHERE n = $1::bigint RETURNING CASE status WHEN 'new' THEN 'open' ELSE status END;
-- read
SELECT status FROM tasks WHERE n = $1::bigint;
-- check
SELECT n, CASE status WHEN 'new' THEN 'open' ELSE status END FROM tasks;
-- side by side
INSERT INTO tasks (n, {tasks.status}) VALUES (-1, 'open') RETURNING status = 'new';
UPDATE tasks SET status = 'done' WHERE n = -1 RETURNING {tasks.status} = 'done';
UPDATE tasks SET {tasks.status} = 'open' WHERE n = -1 RETURNING status = 'new';
