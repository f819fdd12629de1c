CREATE SCHEMA "App";
CREATE SCHEMA extra;
CREATE TYPE extra."Mood" AS ENUM ('good', 'bad "day"');
-- pgrehearse: merge from extra."User ""Profile""" ("Moo d", tags)
-- pgrehearse+   on "App"."User".tenant = "User ""Profile""".tenant
-- pgrehearse+   AND "User ""Profile"""."User's id" = "App"."User"."Id"
CREATE TABLE "App"."User" (
    tenant uuid,
    "Id" bigint,
    "Moo d" extra."Mood",
    tags text[] DEFAULT '{}',
    PRIMARY KEY (tenant, "Id")
);
ALTER TABLE "App"."User" ENABLE ROW LEVEL SECURITY;
