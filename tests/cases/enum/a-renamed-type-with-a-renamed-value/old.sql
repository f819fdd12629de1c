-- pgrehearse: renamed from feeling
CREATE TYPE mood AS ENUM (
    'a',
    -- pgrehearse: renamed from 'bee'
    'b'
);
CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'b');
