CREATE TABLE t (
    id int PRIMARY KEY,
    net numeric(10,2) NOT NULL,
    title text,
    gross numeric GENERATED ALWAYS AS (net * 1.19) STORED,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(title, ''))) STORED
);
CREATE INDEX t_search ON t USING gin (search);
