-- pgrehearse: renamed from mood
CREATE TYPE feeling AS ENUM (
    'a',
    -- pgrehearse: renamed from 'b'
    'bee'
);
CREATE TABLE t (id int PRIMARY KEY, m feeling DEFAULT 'bee');
