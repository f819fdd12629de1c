CREATE TABLE a (
    id int PRIMARY KEY,
    -- pgrehearse: convert using (n::text) reverse (n::int)
    n text CHECK (n <> '')
);
CREATE INDEX a_n ON a (id) WHERE length(n) < 2;
CREATE VIEW v AS SELECT id FROM a WHERE n <> '1';
