-- insert
INSERT INTO tasks (n, status) VALUES ($1::bigint, 'open') RETURNING CASE status::text WHEN 'new' THEN 'open' ELSE status::text END;
-- insert: by the default
INSERT INTO tasks (n) VALUES ($1::bigint) RETURNING CASE status::text WHEN 'new' THEN 'open' ELSE status::text END;
-- update
UPDATE tasks SET status = 'done' WHERE n = $1::bigint RETURNING CASE status::text WHEN 'new' THEN 'open' ELSE status::text END;
-- read
SELECT status FROM tasks WHERE n = $1::bigint;
-- check
SELECT n, status::text FROM tasks;
