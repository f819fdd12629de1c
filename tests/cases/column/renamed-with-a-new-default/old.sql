CREATE TABLE t (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from state
    status text NOT NULL DEFAULT 'new' CHECK (status <> '')
);
