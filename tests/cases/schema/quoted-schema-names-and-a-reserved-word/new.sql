CREATE SCHEMA "Sales & Orders";
CREATE SCHEMA "user";
CREATE TABLE "Sales & Orders"."Order" (id int PRIMARY KEY, "select" text, "from" date);
CREATE TABLE "user"."table" (id int PRIMARY KEY REFERENCES "Sales & Orders"."Order" (id));
CREATE INDEX "Order by date" ON "Sales & Orders"."Order" ("from");
