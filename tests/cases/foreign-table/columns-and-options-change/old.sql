CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
CREATE FOREIGN TABLE t (
    id int OPTIONS (column_name 'ID'),
    v int NOT NULL,
    gone text,
    w text DEFAULT 'a',
    CONSTRAINT c CHECK (v > 0)
) SERVER files OPTIONS (table_name 'a', gone '1');
