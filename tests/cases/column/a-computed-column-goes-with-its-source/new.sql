CREATE TABLE t (
    id int PRIMARY KEY,
    word text NOT NULL
);
