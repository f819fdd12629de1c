CREATE TABLE t (
    id int PRIMARY KEY,
    n int,
    UNIQUE (n, id) DEFERRABLE
);
