CREATE TYPE mood AS ENUM (
    -- pgrehearse: renamed from 'happy'
    'good',
    'so so',
    -- pgrehearse: renamed from unhappy
    'it''s bad'
);
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'good', n mood[] CHECK (n <> '{good}'));
CREATE INDEX t_bad ON t (id) WHERE m = 'it''s bad';
CREATE VIEW bad AS SELECT id FROM t WHERE m = 'it''s bad';
