CREATE TABLE t (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from status
    state text NOT NULL DEFAULT 'open' CONSTRAINT t_status_check CHECK (state <> '')
);
