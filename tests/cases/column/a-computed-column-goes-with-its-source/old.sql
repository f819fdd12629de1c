CREATE TABLE t (
    id int PRIMARY KEY,
    n int,
    twice int GENERATED ALWAYS AS (n * 2) STORED,
    word text NOT NULL,
    UNIQUE (n, twice)
);
