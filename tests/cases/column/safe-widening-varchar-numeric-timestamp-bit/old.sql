CREATE TABLE t (
    id int PRIMARY KEY,
    a varchar(50),
    b varchar(50) NOT NULL DEFAULT 'x',
    n numeric(8,2),
    at timestamp(3),
    d interval(2),
    bits varbit(8)
);
CREATE INDEX t_a ON t (a);
