CREATE TABLE accounts (id int PRIMARY KEY);
CREATE TABLE "a partitioned table with a name as long as names are allowed_" (id int NOT NULL, "the Account" int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE "Part 1" PARTITION OF "a partitioned table with a name as long as names are allowed_" FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE "Part 2" PARTITION OF "a partitioned table with a name as long as names are allowed_" FOR VALUES FROM ('2025-02-01') TO ('2025-03-01') PARTITION BY HASH (id);
CREATE TABLE "Part 2.0" PARTITION OF "Part 2" FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE "Part 1" ADD CONSTRAINT "own" FOREIGN KEY ("the Account") REFERENCES accounts;
ALTER TABLE "a partitioned table with a name as long as names are allowed_" ADD CONSTRAINT "a foreign key with a name as long as names are allowed to be___" FOREIGN KEY ("the Account") REFERENCES accounts;
