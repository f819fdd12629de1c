CREATE TABLE users (n bigint PRIMARY KEY, email text NOT NULL, note text);
CREATE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$;
CREATE TRIGGER aaa_lower BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION lower_email();
CREATE INDEX users_email ON users (email);
