CREATE TABLE t (
    -- pgrehearse: renamed from number
    id int,
    k int,
    PRIMARY KEY (id, k)
) PARTITION BY RANGE (k);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
