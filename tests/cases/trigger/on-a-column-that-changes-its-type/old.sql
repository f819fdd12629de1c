CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (id int PRIMARY KEY, code varchar(10), other int);
CREATE TRIGGER t_code BEFORE UPDATE OF code ON t FOR EACH ROW WHEN (NEW.code <> '') EXECUTE FUNCTION note();
ALTER TABLE t DISABLE TRIGGER t_code;
COMMENT ON TRIGGER t_code ON t IS 'off since the incident';
