CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, LANGUAGE = 'english');
CREATE TEXT SEARCH CONFIGURATION ours (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION ours ADD MAPPING FOR asciiword WITH stems;
CREATE TABLE docs (id bigint PRIMARY KEY, body text);
CREATE INDEX docs_body ON docs USING gin (to_tsvector('ours', body));
COMMENT ON TEXT SEARCH CONFIGURATION ours IS 'ours';
