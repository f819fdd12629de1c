CREATE SCHEMA "Shop's";
CREATE TABLE "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh" (
    "Id" serial,
    "the Base" varchar(80) DEFAULT 'x',
    "Computed" text GENERATED ALWAYS AS (coalesce("the Base", '') || '!') STORED,
    CONSTRAINT "Der Name eines Schlüssels, der so lang ist wie es gerade gehtt" PRIMARY KEY ("Id")
);
CREATE INDEX "Ein Index, dessen Name genauso lang ist wie es gerade noch geh1" ON "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh" ("Computed");
CREATE VIEW "Shop's"."a View" AS SELECT "the Base" AS "b", "Computed" FROM "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh";
