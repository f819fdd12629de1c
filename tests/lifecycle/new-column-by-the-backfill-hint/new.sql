CREATE TABLE users (
    n bigint PRIMARY KEY,
    email text NOT NULL,
    note text,
    -- pgrehearse: backfill (lower(email))
    login text NOT NULL
);
