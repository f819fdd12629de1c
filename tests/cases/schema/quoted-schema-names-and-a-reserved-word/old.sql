CREATE SCHEMA "Sales & Orders";
CREATE TABLE "Sales & Orders"."Order" (id int PRIMARY KEY, "select" text);
