CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE t (
    id bigint PRIMARY KEY,
    code varchar(20) NOT NULL DEFAULT '7',
    twice text GENERATED ALWAYS AS (code || code) STORED,
    note text,
    CONSTRAINT code_is_short CHECK (length(code) < 9),
    CONSTRAINT code_and_note UNIQUE (code, note)
);
CREATE INDEX by_code ON t (code DESC) WHERE code <> 'x';
CREATE INDEX by_lower ON t (lower(code), id);
CREATE STATISTICS code_note (ndistinct, dependencies) ON code, note FROM t;
CREATE STATISTICS code_length ON (length(code)), note FROM t;
CREATE VIEW v AS SELECT id, code FROM t WHERE code > '1';
CREATE VIEW w AS SELECT code, count(*) AS n FROM v GROUP BY code;
CREATE POLICY own ON t USING (code = note) WITH CHECK (code IS NOT NULL);
CREATE TRIGGER on_code AFTER UPDATE OF code ON t FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION seen();
CREATE FUNCTION codes() RETURNS SETOF v LANGUAGE sql STABLE BEGIN ATOMIC SELECT v.id, v.code FROM v; END;
COMMENT ON COLUMN t.code IS 'the code';
COMMENT ON COLUMN t.twice IS 'twice the code';
COMMENT ON CONSTRAINT code_is_short ON t IS 'short';
COMMENT ON CONSTRAINT code_and_note ON t IS 'unique';
COMMENT ON INDEX by_code IS 'down';
COMMENT ON INDEX by_lower IS 'low';
COMMENT ON STATISTICS code_note IS 'both';
COMMENT ON STATISTICS code_length IS 'how long';
COMMENT ON VIEW v IS 'a view';
COMMENT ON COLUMN v.code IS 'its code';
COMMENT ON VIEW w IS 'a view on it';
COMMENT ON POLICY own ON t IS 'a policy';
COMMENT ON TRIGGER on_code ON t IS 'a trigger';
COMMENT ON FUNCTION codes() IS 'a body that the server reads';
