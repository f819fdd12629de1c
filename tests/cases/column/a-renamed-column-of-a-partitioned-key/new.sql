CREATE TABLE t (
    -- pgrehearse: renamed from id
    number int,
    k int,
    PRIMARY KEY (number, k)
) PARTITION BY RANGE (k);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
