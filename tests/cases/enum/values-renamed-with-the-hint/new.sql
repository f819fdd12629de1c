CREATE TYPE mood AS ENUM (
    -- pgrehearse: renamed from 'good'
    'happy',
    'so so',
    -- pgrehearse: renamed from 'it''s bad'
    'unhappy'
);
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'happy', n mood[] CHECK (n <> '{happy}'));
CREATE INDEX t_bad ON t (id) WHERE m = 'unhappy';
CREATE VIEW bad AS SELECT id FROM t WHERE m = 'unhappy';
