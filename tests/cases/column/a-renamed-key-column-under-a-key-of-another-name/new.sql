CREATE TABLE t (
    -- pgrehearse: renamed from id
    number int CONSTRAINT the_key PRIMARY KEY,
    n int
);
CREATE TABLE refers (t int REFERENCES t);
