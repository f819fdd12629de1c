CREATE COLLATION odd (PROVIDER = icu, LOCALE = 'und', RULES = '&V << w <<< W');
CREATE TABLE words (id bigint PRIMARY KEY, word text COLLATE odd);
