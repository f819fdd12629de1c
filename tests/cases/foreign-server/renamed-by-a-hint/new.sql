CREATE SCHEMA files;
CREATE EXTENSION postgres_fdw;

-- pgrehearse: renamed from files
CREATE SERVER others FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
CREATE USER MAPPING FOR PUBLIC SERVER others;
CREATE FOREIGN TABLE files.t (id int) SERVER others;
COMMENT ON SERVER others IS 'kept';
