CREATE TABLE t (
    id int PRIMARY KEY,
    name text,
    -- pgrehearse: backfill (a_once(name))
    label text NOT NULL
);
