-- insert
INSERT INTO words (n, word) VALUES ($1::bigint, 'Wort ' || $1::bigint) RETURNING word;
-- update
UPDATE words SET word = upper(word) WHERE n = $1::bigint RETURNING word;
-- update
UPDATE words SET language = 'de' WHERE n = $1::bigint RETURNING word;
-- delete
DELETE FROM words WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT word FROM words WHERE n = $1::bigint ORDER BY word;
-- check
SELECT n, word FROM words;
