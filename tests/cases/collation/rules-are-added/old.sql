CREATE COLLATION odd (PROVIDER = icu, LOCALE = 'und');
CREATE TABLE words (id bigint PRIMARY KEY, word text COLLATE odd);
