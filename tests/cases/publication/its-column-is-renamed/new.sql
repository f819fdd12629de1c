CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL,
    -- pgrehearse: renamed from rank
    "Sort Key" integer);
CREATE PUBLICATION listed FOR TABLE orders (id, "Sort Key");
CREATE PUBLICATION filtered FOR TABLE orders WHERE ("Sort Key" > 5) WITH (publish = 'insert');
