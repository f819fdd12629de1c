-- pgrehearse: renamed from orders
CREATE TABLE purchases (
    id int PRIMARY KEY,
    -- pgrehearse: convert using (paid::int) reverse (paid::boolean)
    paid int NOT NULL,
    -- pgrehearse: renamed from size
    amount bigint
);
