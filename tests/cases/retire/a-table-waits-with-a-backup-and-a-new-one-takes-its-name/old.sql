CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE people (id serial PRIMARY KEY, mood mood);
CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int REFERENCES people, at date);
CREATE INDEX visits_at ON visits (at);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER visits_note BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION note();
COMMENT ON TABLE visits IS 'who came';
