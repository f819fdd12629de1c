CREATE TABLE t (
    id int PRIMARY KEY,
    -- pgrehearse: backfill (upper(a_name))
    label text NOT NULL
);
