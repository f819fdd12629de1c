CREATE COLLATION bytes (PROVIDER = libc, LOCALE = 'C');
CREATE TABLE words (id bigint PRIMARY KEY, word text COLLATE bytes);
