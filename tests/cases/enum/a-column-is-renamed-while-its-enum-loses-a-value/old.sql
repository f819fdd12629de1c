CREATE TYPE status AS ENUM ('new', 'lost', 'done');
CREATE TABLE tasks (id int PRIMARY KEY, status status NOT NULL DEFAULT 'new');
