CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid');
CREATE FOREIGN TABLE there (a int OPTIONS (column_name 'b'), c text) SERVER far;
GRANT SELECT ON there TO grant_one;
