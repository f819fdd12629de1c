CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
-- pgrehearse: renamed from t
CREATE FOREIGN TABLE "New t" (
    id int,
    -- pgrehearse: renamed from v
    "New v" text
) SERVER files OPTIONS (table_name 't');
COMMENT ON FOREIGN TABLE "New t" IS 'kept';
