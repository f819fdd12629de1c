CREATE TYPE priority AS ENUM ('low', 'normal', 'high');
CREATE TABLE tickets (
    id int PRIMARY KEY,
    title text NOT NULL,
    priority priority NOT NULL DEFAULT 'normal'
);
CREATE INDEX tickets_urgent ON tickets (id) WHERE priority = 'high';
COMMENT ON TYPE priority IS 'As the support contract has it';
