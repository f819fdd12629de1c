CREATE TABLE t (
    -- pgrehearse: renamed from number
    id int CONSTRAINT t_pkey PRIMARY KEY,
    n int
);
