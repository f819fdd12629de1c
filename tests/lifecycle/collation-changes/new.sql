CREATE TABLE words (n bigint PRIMARY KEY, word text COLLATE "C" NOT NULL, language text);
CREATE UNIQUE INDEX words_word ON words (word);
