CREATE SCHEMA "App";
CREATE SCHEMA extra;
CREATE TYPE extra."Mood" AS ENUM ('good', 'bad "day"');
CREATE TABLE "App"."User" (
    tenant uuid,
    "Id" bigint,
    PRIMARY KEY (tenant, "Id")
);
ALTER TABLE "App"."User" ENABLE ROW LEVEL SECURITY;
-- pgrehearse: split from "App"."User" ("Moo d", tags)
-- pgrehearse+   on "App"."User".tenant = "User ""Profile""".tenant
-- pgrehearse+   AND "User ""Profile"""."User's id" = "App"."User"."Id"
CREATE TABLE extra."User ""Profile""" (
    tenant uuid,
    "User's id" bigint,
    "Moo d" extra."Mood",
    tags text[] DEFAULT '{}',
    CONSTRAINT "one each" UNIQUE ("User's id", tenant)
);
ALTER TABLE extra."User ""Profile""" ENABLE ROW LEVEL SECURITY;
