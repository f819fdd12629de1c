CREATE TABLE t (
    id int PRIMARY KEY,
    a varchar(200),
    b text NOT NULL DEFAULT 'x',
    n numeric(12,2),
    at timestamp(6),
    d interval(6),
    bits varbit(16)
);
CREATE INDEX t_a ON t (a);
