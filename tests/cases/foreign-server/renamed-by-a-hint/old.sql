CREATE SCHEMA files;
CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');

CREATE USER MAPPING FOR PUBLIC SERVER files;
CREATE FOREIGN TABLE files.t (id int) SERVER files;
COMMENT ON SERVER files IS 'kept';
