CREATE TABLE users (
    id bigint PRIMARY KEY,
    n bigint CONSTRAINT n_is_fine CHECK (fine(n)),
    number bigint NOT NULL DEFAULT next_number()
);
CREATE TABLE counters (of text PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE limits (least int NOT NULL);
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE counters SET n = n + 1 WHERE of = TG_TABLE_NAME;
    RETURN NEW;
END $$;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION counted();
CREATE FUNCTION least_id() RETURNS int LANGUAGE sql STABLE AS 'SELECT least FROM limits';
CREATE FUNCTION fine(n bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT n >= least FROM limits';
CREATE FUNCTION next_number() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    UPDATE counters SET n = n + 1 WHERE of = 'numbers' RETURNING n INTO given;
    RETURN given;
END $$;
