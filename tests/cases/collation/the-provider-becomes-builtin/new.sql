CREATE COLLATION bytes (PROVIDER = builtin, LOCALE = 'C.UTF-8');
CREATE TABLE words (id bigint PRIMARY KEY, word text COLLATE bytes);
