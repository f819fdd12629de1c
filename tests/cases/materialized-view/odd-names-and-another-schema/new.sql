CREATE SCHEMA "Än ""odd"" one";
CREATE TABLE "Än ""odd"" one"."select" ("From" int PRIMARY KEY, "a b" text);
CREATE MATERIALIZED VIEW "Än ""odd"" one"."Group By" AS SELECT "From", upper("a b") AS "Order ""by""" FROM "Än ""odd"" one"."select";
CREATE UNIQUE INDEX "äöü" ON "Än ""odd"" one"."Group By" ("From");
COMMENT ON COLUMN "Än ""odd"" one"."Group By"."Order ""by""" IS 'it''s odd';
CREATE MATERIALIZED VIEW a_name_that_is_as_long_as_a_name_may_be_in_postgresql_63_bytes_ AS
    SELECT min("From") AS a_column_that_is_as_long_as_a_name_may_be_in_postgresql_63_byte FROM "Än ""odd"" one"."select";
CREATE INDEX an_index_that_is_as_long_as_a_name_may_be_in_postgresql_63_byte
    ON a_name_that_is_as_long_as_a_name_may_be_in_postgresql_63_bytes_
    (a_column_that_is_as_long_as_a_name_may_be_in_postgresql_63_byte);
