CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH DICTIONARY gone (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION ours (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION ours ADD MAPPING FOR asciiword, word WITH plain, simple;
ALTER TEXT SEARCH CONFIGURATION ours ADD MAPPING FOR email WITH gone;
CREATE TABLE docs (id bigint PRIMARY KEY, body text);
CREATE INDEX docs_body ON docs USING gin (to_tsvector('ours', body));
