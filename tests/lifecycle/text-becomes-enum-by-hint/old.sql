CREATE TABLE tasks (n bigint PRIMARY KEY, status text NOT NULL DEFAULT 'new', note text);
CREATE INDEX tasks_status ON tasks (status);
