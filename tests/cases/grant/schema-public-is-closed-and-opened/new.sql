CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO grant_one;
