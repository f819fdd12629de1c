CREATE TABLE t (
    id int PRIMARY KEY,
    n int,
    more int GENERATED ALWAYS AS (n + 1) STORED,
    UNIQUE (n, id) DEFERRABLE
);
