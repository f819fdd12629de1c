CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
CREATE FOREIGN TABLE t (
    id bigint OPTIONS (column_name 'Id', other 'y') NOT NULL,
    v numeric(10, 2),
    come text NOT NULL,
    w varchar(10) DEFAULT 'b',
    CONSTRAINT c CHECK (v > 1)
) SERVER files OPTIONS (table_name 'b', come '2');
