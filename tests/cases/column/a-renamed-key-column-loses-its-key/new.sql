CREATE TABLE t (
    -- pgrehearse: renamed from id
    number int NOT NULL,
    n int
);
