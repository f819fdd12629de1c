CREATE TABLE "Order Items" (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "State" text NOT NULL DEFAULT 'open',
    size varchar(20)
);
CREATE INDEX ON "Order Items" ("State", size);
CREATE VIEW v AS SELECT "State", count(*) FROM "Order Items" GROUP BY 1;
