CREATE TYPE task_status AS ENUM ('open', 'busy', 'done');
CREATE TABLE tasks (
    n bigint PRIMARY KEY,
    -- pgrehearse: convert using (CASE status WHEN 'new' THEN 'open' ELSE status END::task_status)
    -- pgrehearse+ reverse (CASE status::text WHEN 'open' THEN 'new' ELSE status::text END)
    status task_status NOT NULL DEFAULT 'open',
    note text
);
CREATE INDEX tasks_status ON tasks (status);
