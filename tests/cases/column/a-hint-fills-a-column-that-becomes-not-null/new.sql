CREATE TABLE t (
    id int PRIMARY KEY,
    -- pgrehearse: backfill (coalesce(w, 'none'))
    v text NOT NULL DEFAULT 'new',
    w text
);
