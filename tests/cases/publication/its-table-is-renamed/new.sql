-- pgrehearse: renamed from orders
CREATE TABLE "Or/ders" (id bigint PRIMARY KEY, place text NOT NULL, rank integer);
ALTER TABLE "Or/ders" RENAME CONSTRAINT "Or/ders_pkey" TO orders_pkey;
CREATE PUBLICATION p FOR TABLE "Or/ders" WITH (publish = 'insert');
COMMENT ON PUBLICATION p IS 'kept';
