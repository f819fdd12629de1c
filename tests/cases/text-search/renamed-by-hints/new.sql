-- pgrehearse: renamed from stems
CREATE TEXT SEARCH DICTIONARY "The stems" (TEMPLATE = simple);
-- pgrehearse: renamed from ours
CREATE TEXT SEARCH CONFIGURATION "Our search" (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION "Our search" ADD MAPPING FOR asciiword WITH "The stems";
CREATE TABLE docs (id bigint PRIMARY KEY, body text);
CREATE INDEX docs_body ON docs USING gin (to_tsvector('"Our search"', body));
