CREATE TABLE t (
    id int PRIMARY KEY,
    name text,
    note text,
    active boolean NOT NULL DEFAULT true,
    tags text[] NOT NULL DEFAULT '{}',
    limits jsonb DEFAULT '{"max": 10}',
    price numeric(8,2) NOT NULL DEFAULT 0
);
