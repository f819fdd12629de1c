CREATE TABLE "Sales of the whole company, by region, with a name near 63 bt" (
    id int NOT NULL,
    "the Region" text,
    n int
) PARTITION BY LIST ("the Region");
CREATE TABLE "Sales of the whole company, by region, with a name near 63 b_a"
    PARTITION OF "Sales of the whole company, by region, with a name near 63 bt" FOR VALUES IN ('it''s', NULL);
CREATE TABLE "Sales of the whole company, by region, with a name near 63 b_d"
    PARTITION OF "Sales of the whole company, by region, with a name near 63 bt" DEFAULT;
CREATE INDEX "index of Sales" ON "Sales of the whole company, by region, with a name near 63 bt" (n);

CREATE TABLE "Sales of the whole company, by region, with a name near 63 b_b"
    PARTITION OF "Sales of the whole company, by region, with a name near 63 bt" FOR VALUES IN ('us', 'a "quoted" one');
