-- pgrehearse: merge from profiles (bio, score) on profiles.owner = users.id
CREATE TABLE users (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bio text NOT NULL CONSTRAINT bio_is_short CHECK (length(bio) < 100),
    score numeric NOT NULL DEFAULT 1.5
);
CREATE INDEX users_score ON users (score DESC);
CREATE VIEW scores AS SELECT id, score FROM users;
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER users_bio BEFORE UPDATE OF bio ON users FOR EACH ROW EXECUTE FUNCTION noop();
