CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');

CREATE TABLE base (id int, at date);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FOREIGN TABLE "Far ""Away"" ä" (
    id int OPTIONS (column_name 'ID') NOT NULL,
    note varchar(20) OPTIONS ("Odd name" 'it''s') COLLATE "C" DEFAULT 'x',
    twice int GENERATED ALWAYS AS (id * 2) STORED,
    CONSTRAINT positive CHECK (id > 0)
) SERVER files OPTIONS (schema_name 'S', table_name 't');
COMMENT ON FOREIGN TABLE "Far ""Away"" ä" IS 'elsewhere';
COMMENT ON COLUMN "Far ""Away"" ä".note IS 'a note';
ALTER FOREIGN TABLE "Far ""Away"" ä" ALTER COLUMN id SET STATISTICS 10;
CREATE TRIGGER watched BEFORE INSERT ON "Far ""Away"" ä" FOR EACH ROW EXECUTE FUNCTION watch();
CREATE FOREIGN TABLE heir (more text) INHERITS (base) SERVER files;
CREATE FOREIGN TABLE empty () SERVER files;
CREATE VIEW seen AS SELECT id, note FROM "Far ""Away"" ä";
CREATE STATISTICS far_stats ON id, note FROM "Far ""Away"" ä";
