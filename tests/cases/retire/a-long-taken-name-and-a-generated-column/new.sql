CREATE TABLE t (
    id int PRIMARY KEY,
    _deprecated_note int
);
