CREATE TABLE "Bücher" ("Größe" int NOT NULL CHECK ("Größe" > 0), "id" int PRIMARY KEY, "Titel des Buches" text DEFAULT 'ohne');
CREATE TABLE "SELECT" ("group" int PRIMARY KEY REFERENCES "Bücher", "a""b" text UNIQUE, "order" text NOT NULL);
CREATE TABLE "日本" ("№" int PRIMARY KEY, "x'y" text, "$1" int, "a.b" int, "semi;colon" int);
CREATE INDEX "Index mit Leerzeichen" ON "Bücher" (lower("Titel des Buches")) WHERE "Größe" > 1;
CREATE VIEW "Where" AS SELECT "group" AS "from", "order" FROM "SELECT";
CREATE FUNCTION "Do It!"("In" int) RETURNS int LANGUAGE sql AS 'SELECT $1';
COMMENT ON TABLE "SELECT" IS 'who did this?';
