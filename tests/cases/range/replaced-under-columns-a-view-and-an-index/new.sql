CREATE TYPE span AS RANGE (SUBTYPE = text, COLLATION = "C", MULTIRANGE_TYPE_NAME = spans);
CREATE TABLE words (
    id bigint PRIMARY KEY,
    of span NOT NULL DEFAULT span('a', 'b'),
    many span[],
    sets spans DEFAULT '{}'
);
CREATE INDEX words_of ON words USING gist (of);
CREATE INDEX words_lower ON words (lower(of));
CREATE VIEW word_list AS SELECT id, of, upper(sets) AS last FROM words WHERE of && span('a', 'z');
COMMENT ON COLUMN words.of IS 'of';
