CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
CREATE FOREIGN TABLE t (id int, v text) SERVER files OPTIONS (table_name 't');
COMMENT ON FOREIGN TABLE t IS 'kept';
