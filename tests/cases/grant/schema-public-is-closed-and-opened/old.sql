CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
GRANT CREATE ON SCHEMA public TO PUBLIC;
