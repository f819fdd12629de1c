CREATE TABLE orders (n bigint PRIMARY KEY, total int NOT NULL, changes int NOT NULL DEFAULT 0, note text);
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changes := NEW.changes + 1; RETURN NEW; END $$;
CREATE TRIGGER counted BEFORE UPDATE OF total ON orders FOR EACH ROW EXECUTE FUNCTION count_change();
