CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE "Order Items" (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- pgrehearse: convert using (
    -- pgrehearse+   CASE WHEN "State" = 'closed' OR size = 'none' THEN 'closed' ELSE 'open' END::state
    -- pgrehearse+ ) reverse ("State"::text)
    "State" state NOT NULL DEFAULT 'open',
    -- pgrehearse: convert using (length(size)) reverse (repeat('x', size))
    size int
);
CREATE INDEX ON "Order Items" ("State", size);
CREATE VIEW v AS SELECT "State", count(*) FROM "Order Items" GROUP BY 1;
