CREATE TYPE words;
CREATE FUNCTION words_in(cstring, oid, integer) RETURNS words LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION words_out(words) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION words_send(words) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'varcharsend';
CREATE TYPE words (INPUT = words_in, OUTPUT = words_out, SEND = words_send, STORAGE = extended);
CREATE DOMAIN short AS words CHECK (VALUE::text <> '');
CREATE TABLE texts (id bigint PRIMARY KEY, t words, all_of words[], s short);
CREATE VIEW all_texts AS SELECT t FROM texts;
