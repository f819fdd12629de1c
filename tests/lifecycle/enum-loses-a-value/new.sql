CREATE TYPE status AS ENUM ('new', 'done');
CREATE TABLE tasks (n bigint PRIMARY KEY, status status NOT NULL DEFAULT 'new', note text);
CREATE INDEX tasks_status ON tasks (status);
