CREATE TYPE level AS ENUM ('high', 'low', 'mid');
CREATE TABLE tasks (n bigint PRIMARY KEY, level level NOT NULL DEFAULT 'low', note text);
CREATE INDEX tasks_level ON tasks (level);
CREATE VIEW urgent AS SELECT n, level FROM tasks WHERE level > 'low';
