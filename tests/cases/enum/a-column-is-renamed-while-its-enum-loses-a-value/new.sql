CREATE TYPE status AS ENUM ('new', 'done');
CREATE TABLE tasks (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from status
    state status NOT NULL DEFAULT 'new'
);
