CREATE TABLE t (id int PRIMARY KEY, tags varchar(20)[] NOT NULL DEFAULT '{}',
    -- pgrehearse: convert using (m::int[]) reverse (m::bigint[])
    m int[][]);
