CREATE TYPE words;
CREATE FUNCTION words_in(cstring, oid, integer) RETURNS words LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION words_out(words) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION words_written(words) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'varcharsend';
CREATE FUNCTION words_recv(internal, oid, integer) RETURNS words LANGUAGE internal IMMUTABLE STRICT AS 'varcharrecv';
CREATE FUNCTION words_mod(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION words_mod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE TYPE words (
    INPUT = words_in, OUTPUT = words_out, SEND = words_written, RECEIVE = words_recv,
    TYPMOD_IN = words_mod, TYPMOD_OUT = words_mod_out, ANALYZE = array_typanalyze, STORAGE = extended
);
CREATE DOMAIN short AS words CHECK (VALUE::text <> '');
CREATE TABLE texts (id bigint PRIMARY KEY, t words, all_of words[], s short);
CREATE VIEW all_texts AS SELECT t FROM texts;
