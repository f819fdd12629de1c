CREATE TABLE people (
    n bigint PRIMARY KEY,
    age bigint NOT NULL DEFAULT 1,
    -- pgrehearse: renamed from mail
    email text,
    note text
);
