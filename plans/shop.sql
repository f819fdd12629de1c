-- online · DATA LOSS · 123 steps in 3 phases · rehearsed on PostgreSQL 17 · arrives at the desired schema
-- from schemas/shop/v1 to schemas/shop/v2
-- plan c1fb944be26e20554d658c654851b983, PostgreSQL 17, pgrehearse 0.1.0
-- data-loss in contract-26: every row of public.newsletter_signups is lost
-- data-loss in contract-27: the values of public.customers.fax are lost
-- rejects-writes in expand-14: from here on public.customers rejects NULL in locale, also in an UPDATE of another column of a row that has it
-- rejects-writes in expand-17: from here on public.orders rejects NULL in placed_at, also in an UPDATE of another column of a row that has it
-- rejects-writes in expand-20: from here on public.categories rejects duplicates
-- rejects-writes in expand-21: from here on public.order_items rejects new and updated rows that break discount_is_a_fraction
-- rejects-writes in expand-22: from here on public.order_items rejects new and updated rows that break order_items_product_id_fkey
-- rejects-writes in expand-23: from here on public.order_items rejects new and updated rows that break order_items_quantity_check
-- rejects-writes in expand-24: from here on public.payments rejects duplicates
-- rejects-writes in expand-25: from here on public.payments rejects new and updated rows that break payments_order_id_fkey
-- rejects-writes in expand-26: from here on public.products rejects new and updated rows that break products_price_check
-- rejects-writes in expand-27: from here on public.products rejects new and updated rows that break products_supplier_id_fkey
-- rejects-writes in expand-28: from here on public.reviews rejects duplicates
-- rejects-writes in expand-29: from here on public.reviews rejects new and updated rows that break reviews_stars_check
-- rejects-writes in expand-34: from here on public.stock_levels rejects new and updated rows that break reserved_is_there
-- rejects-writes in expand-35: from here on public.stock_levels rejects duplicates
-- rejects-writes in expand-36: from here on public.stock_levels rejects new and updated rows that break stock_levels_product_id_fkey
-- rejects-writes in expand-38: from here on public.suppliers rejects a change of its key: the foreign key of public.supplier_accounts has no ON UPDATE CASCADE
-- rejects-writes in contract-8: from here on public.payments rejects new and updated rows that break payments_amount_positive
-- breaks-queries in expand-12: SELECT * from public.categories returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in expand-13: SELECT * from public.customers returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in expand-15: SELECT * from public.customers returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in expand-16: SELECT * from public.order_items returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in expand-18: SELECT * from public.products returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in expand-19: SELECT * from public.reviews returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
-- breaks-queries in contract-5: prepared statements that return column public.orders.note fail (0A000) until they are prepared again
-- breaks-queries in contract-6: prepared statements that return column public.payments.amount fail (0A000) until they are prepared again
-- breaks-queries in contract-7: prepared statements that return column public.products.name fail (0A000) until they are prepared again
-- breaks-queries in contract-19: queries that name table public.newsletter_signups fail from here on
-- breaks-queries in contract-20: queries that name column public.customers.fax fail from here on
-- breaks-queries in contract-22: queries that name column public.customers.full_name fail from here on
-- breaks-queries in contract-24: queries that name column public.suppliers.bic fail from here on
-- breaks-queries in contract-25: queries that name column public.suppliers.iban fail from here on
-- irreversible in contract-26: no rollback brings it back
-- irreversible in contract-27: no rollback brings it back
-- irreversible in contract-29: no rollback brings it back
-- irreversible in contract-30: no rollback brings it back
-- irreversible in contract-31: no rollback brings it back
-- notice: trigger customers_touch on public.customers fires for every row that a backfill writes: what it refuses, logs or sends, it does then
--
-- Run with: psql -X -f THIS_FILE DATABASE (not with --single-transaction).
-- There is no ledger here: each statement looks whether it is done already, so that a
-- second run does no harm. `pgrehearse apply` also checks, retries and records.
-- NOT GUARDED, a second run repeats them: contract-4
-- ONLY WITH psql -v once=1, on the first run alone: contract-11, contract-13

\set ON_ERROR_STOP on
\set AUTOCOMMIT on
SET application_name = 'pgrehearse';
SET client_encoding = 'UTF8';
SET standard_conforming_strings = 'on';
SET default_transaction_isolation = 'read committed';
SET default_transaction_read_only = 'off';
SET default_transaction_deferrable = 'off';
SET row_security = 'off';
SET check_function_bodies = 'off';
SET statement_timeout = '0';
SET idle_in_transaction_session_timeout = '0';
SET extra_float_digits = '1';
SET bytea_output = 'hex';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SET xmloption = 'content';
SET default_tablespace = '';
SET default_table_access_method = 'heap';
SET default_toast_compression = 'pglz';
SET quote_all_identifiers = 'off';
SET array_nulls = 'on';
SET transform_null_equals = 'off';
RESET search_path;
SET lock_timeout = '5s';

--
-- EXPAND: adds only
-- the old application goes on working, but writes against new rules are rejected from expand-14, expand-17, expand-20 and 13 more steps on; what depends on the list of columns may break at expand-12, expand-13, expand-15 and 3 more steps
--

-- expand-1: create type public.carrier [online]
BEGIN;
DO $do$
BEGIN
  IF to_regtype('public.carrier') IS NULL THEN
    EXECUTE $sql$CREATE TYPE public.carrier AS ENUM ('dhl', 'dpd', 'pickup')$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-2: change type public.order_status: values [online]
BEGIN;
ALTER TYPE public.order_status ADD VALUE IF NOT EXISTS 'returned' AFTER 'shipped';
COMMIT;

-- expand-3: change type public.payment_method: values [online]
BEGIN;
ALTER TYPE public.payment_method ADD VALUE IF NOT EXISTS 'wallet';
COMMIT;

-- expand-4: create function public.available_stock(bigint) [online]
--   locks: ACCESS SHARE on public.stock_levels
BEGIN;
CREATE OR REPLACE FUNCTION public.available_stock(p_product_id bigint)
 RETURNS bigint
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT COALESCE(sum((s.on_hand - s.reserved)), (0)::bigint) AS "coalesce"
    FROM public.stock_levels s
   WHERE (s.product_id = available_stock.p_product_id);
END;
COMMIT;

-- expand-5: change function public.log_order_status(): definition [online]
BEGIN;
CREATE OR REPLACE FUNCTION public.log_order_status()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO order_events (order_id, kind, detail)
    VALUES (NEW.id, 'status', jsonb_build_object('from', OLD.status, 'to', NEW.status));
    RETURN NULL;
END
$function$;
COMMIT;

-- expand-6: change function public.order_total(bigint): definition [online]
BEGIN;
CREATE OR REPLACE FUNCTION public.order_total(p_order_id bigint)
 RETURNS numeric
 LANGUAGE sql
 STABLE
AS $function$
    SELECT round(coalesce(sum(i.quantity * i.unit_price * (1 - i.discount)), 0), 2)
      FROM order_items i
     WHERE i.order_id = p_order_id
$function$;
COMMIT;

-- expand-7: create table public.order_events_2026q1 [online]
BEGIN;
CREATE TABLE IF NOT EXISTS public.order_events_2026q1 (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    kind text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    happened_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT order_events_2026q1_pkey PRIMARY KEY (id, happened_at)
);
COMMIT;

-- expand-8: create table public.shipments [online]
BEGIN;
CREATE TABLE IF NOT EXISTS public.shipments (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    order_id bigint NOT NULL,
    warehouse_id integer NOT NULL,
    packed_by integer,
    carrier public.carrier NOT NULL,
    tracking_no text,
    shipped_at timestamp with time zone,
    CONSTRAINT shipments_check CHECK (((carrier = 'pickup'::public.carrier) OR (shipped_at IS NULL) OR (tracking_no IS NOT NULL))),
    CONSTRAINT shipments_pkey PRIMARY KEY (id)
);
COMMIT;

-- expand-9: create table public.staff [online]
BEGIN;
CREATE TABLE IF NOT EXISTS public.staff (
    id integer GENERATED BY DEFAULT AS IDENTITY NOT NULL,
    name text NOT NULL,
    email public.email_address NOT NULL,
    warehouse_id integer NOT NULL,
    CONSTRAINT staff_email_key UNIQUE (email),
    CONSTRAINT staff_pkey PRIMARY KEY (id)
);
COMMIT;

-- expand-10: create table public.supplier_accounts [online]
BEGIN;
CREATE TABLE IF NOT EXISTS public.supplier_accounts (
    supplier_id integer NOT NULL,
    iban character varying(34),
    bic character varying(11),
    CONSTRAINT supplier_accounts_pkey PRIMARY KEY (supplier_id)
);
COMMIT;

-- expand-11: create table public.warehouses [online]
BEGIN;
CREATE TABLE IF NOT EXISTS public.warehouses (
    id integer GENERATED BY DEFAULT AS IDENTITY NOT NULL,
    code character varying(8) NOT NULL,
    name text NOT NULL,
    manager_id integer,
    CONSTRAINT warehouses_code_key UNIQUE (code),
    CONSTRAINT warehouses_pkey PRIMARY KEY (id)
);
COMMIT;

-- expand-12: create column public.categories."position" [online]
--   locks: ACCESS EXCLUSIVE on public.categories
--   breaks-queries: SELECT * from public.categories returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.categories ADD COLUMN IF NOT EXISTS "position" integer DEFAULT 0 NOT NULL;
COMMIT;

-- expand-13: add the new display_name to public.customers, kept like the old by a trigger [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   breaks-queries: SELECT * from public.customers returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.customers ADD COLUMN IF NOT EXISTS display_name text;
CREATE OR REPLACE FUNCTION public._pgrehearse_31dabe6098df() RETURNS trigger LANGUAGE plpgsql AS $pgrehearse$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.display_name IS NOT NULL THEN
            NEW.full_name := NEW.display_name;
        ELSE
            NEW.display_name := NEW.full_name;
        END IF;
    ELSIF ROW(NEW.display_name)::record OPERATOR(pg_catalog.*<>) ROW(OLD.display_name)::record THEN
        IF ROW(NEW.display_name)::record OPERATOR(pg_catalog.*<>) ROW((NEW.full_name)::text)::record THEN
            NEW.full_name := NEW.display_name;
        END IF;
    ELSIF NEW.display_name IS NULL OR ROW(NEW.full_name)::record OPERATOR(pg_catalog.*<>) ROW(OLD.full_name)::record THEN
        NEW.display_name := NEW.full_name;
    END IF;
    RETURN NEW;
END;
$pgrehearse$;
CREATE OR REPLACE TRIGGER "~pgrehearse_31dabe6098df" BEFORE INSERT OR UPDATE ON public.customers FOR EACH ROW EXECUTE FUNCTION public._pgrehearse_31dabe6098df();
COMMIT;

-- expand-14: refuse new NULLs in column public.customers.locale [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   rejects-writes: from here on public.customers rejects NULL in locale, also in an UPDATE of another column of a row that has it
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.customers') AND conname = '_pgrehearse_7a0494df0299') THEN
    EXECUTE $sql$ALTER TABLE public.customers ADD CONSTRAINT _pgrehearse_7a0494df0299 CHECK (locale IS NOT NULL) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-15: create column public.customers.marketing_ok [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   breaks-queries: SELECT * from public.customers returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.customers ADD COLUMN IF NOT EXISTS marketing_ok boolean DEFAULT false NOT NULL;
COMMIT;

-- expand-16: create column public.order_items.discount [online]
--   locks: ACCESS EXCLUSIVE on public.order_items
--   breaks-queries: SELECT * from public.order_items returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.order_items ADD COLUMN IF NOT EXISTS discount numeric(4,3) DEFAULT 0 NOT NULL;
COMMIT;

-- expand-17: refuse new NULLs in column public.orders.placed_at [online]
--   locks: ACCESS EXCLUSIVE on public.orders
--   rejects-writes: from here on public.orders rejects NULL in placed_at, also in an UPDATE of another column of a row that has it
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.orders') AND conname = '_pgrehearse_501be5e85b1a') THEN
    EXECUTE $sql$ALTER TABLE public.orders ADD CONSTRAINT _pgrehearse_501be5e85b1a CHECK (placed_at IS NOT NULL) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-18: create column public.products.tax_rate [online]
--   locks: ACCESS EXCLUSIVE on public.products
--   breaks-queries: SELECT * from public.products returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.products ADD COLUMN IF NOT EXISTS tax_rate numeric(4,3) DEFAULT 0.190 NOT NULL;
COMMIT;

-- expand-19: create column public.reviews.helpful [online]
--   locks: ACCESS EXCLUSIVE on public.reviews
--   breaks-queries: SELECT * from public.reviews returns one column more; COPY and INSERT without a column list, and prepared SELECT *, can fail
BEGIN;
ALTER TABLE public.reviews ADD COLUMN IF NOT EXISTS helpful integer DEFAULT 0 NOT NULL;
COMMIT;

-- expand-20: build the index of constraint public.categories.categories_slug_key [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.categories
--   scans: public.categories
--   builds: public.categories_slug_key
--   rejects-writes: from here on public.categories rejects duplicates
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'categories_slug_key' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE UNIQUE INDEX categories_slug_key ON public.categories USING btree (slug)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.categories_slug_key$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.categories_slug_key') AND NOT indisvalid) \gexec
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS categories_slug_key ON public.categories USING btree (slug);
\endif

-- expand-21: add constraint public.order_items.discount_is_a_fraction as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.order_items
--   rejects-writes: from here on public.order_items rejects new and updated rows that break discount_is_a_fraction
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.order_items') AND conname = 'discount_is_a_fraction') THEN
    EXECUTE $sql$ALTER TABLE public.order_items ADD CONSTRAINT discount_is_a_fraction CHECK (((discount >= (0)::numeric) AND (discount <= (1)::numeric))) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-22: add constraint public.order_items.order_items_product_id_fkey as NOT VALID [online]
--   locks: SHARE ROW EXCLUSIVE on public.order_items, public.products
--   locks: ACCESS SHARE on public.products_pkey
--   rejects-writes: from here on public.order_items rejects new and updated rows that break order_items_product_id_fkey
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.order_items') AND conname = 'order_items_product_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.order_items ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-23: add constraint public.order_items.order_items_quantity_check as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.order_items
--   rejects-writes: from here on public.order_items rejects new and updated rows that break order_items_quantity_check
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.order_items') AND conname = 'order_items_quantity_check') THEN
    EXECUTE $sql$ALTER TABLE public.order_items ADD CONSTRAINT order_items_quantity_check CHECK ((quantity > 0)) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-24: build the index of constraint public.payments.payments_method_provider_id_key [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.payments
--   scans: public.payments
--   builds: public.payments_method_provider_id_key
--   rejects-writes: from here on public.payments rejects duplicates
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'payments_method_provider_id_key' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE UNIQUE INDEX payments_method_provider_id_key ON public.payments USING btree (method, provider_id)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.payments_method_provider_id_key$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.payments_method_provider_id_key') AND NOT indisvalid) \gexec
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS payments_method_provider_id_key ON public.payments USING btree (method, provider_id);
\endif

-- expand-25: add constraint public.payments.payments_order_id_fkey as NOT VALID [online]
--   locks: SHARE ROW EXCLUSIVE on public.orders, public.payments
--   locks: ACCESS SHARE on public.orders_pkey
--   rejects-writes: from here on public.payments rejects new and updated rows that break payments_order_id_fkey
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.payments') AND conname = 'payments_order_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.payments ADD CONSTRAINT payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE RESTRICT NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-26: add constraint public.products.products_price_check as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.products
--   rejects-writes: from here on public.products rejects new and updated rows that break products_price_check
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.products') AND conname = 'products_price_check') THEN
    EXECUTE $sql$ALTER TABLE public.products ADD CONSTRAINT products_price_check CHECK ((price >= (0)::numeric)) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-27: add constraint public.products.products_supplier_id_fkey as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.products, public.suppliers
--   locks: ACCESS SHARE on public.suppliers_pkey
--   rejects-writes: from here on public.products rejects new and updated rows that break products_supplier_id_fkey
BEGIN;
ALTER TABLE IF EXISTS public.products DROP CONSTRAINT IF EXISTS products_supplier_id_fkey;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.products') AND conname = 'products_supplier_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.products ADD CONSTRAINT products_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES public.suppliers(id) ON DELETE SET NULL NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-28: build the index of constraint public.reviews.reviews_product_id_customer_id_key [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.reviews
--   scans: public.reviews
--   builds: public.reviews_product_id_customer_id_key
--   rejects-writes: from here on public.reviews rejects duplicates
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'reviews_product_id_customer_id_key' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE UNIQUE INDEX reviews_product_id_customer_id_key ON public.reviews USING btree (product_id, customer_id)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.reviews_product_id_customer_id_key$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.reviews_product_id_customer_id_key') AND NOT indisvalid) \gexec
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS reviews_product_id_customer_id_key ON public.reviews USING btree (product_id, customer_id);
\endif

-- expand-29: add constraint public.reviews.reviews_stars_check as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.reviews
--   rejects-writes: from here on public.reviews rejects new and updated rows that break reviews_stars_check
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.reviews') AND conname = 'reviews_stars_check') THEN
    EXECUTE $sql$ALTER TABLE public.reviews ADD CONSTRAINT reviews_stars_check CHECK (((stars >= 1) AND (stars <= 5))) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-30: create constraint public.shipments.shipments_order_id_fkey [online]
--   locks: SHARE ROW EXCLUSIVE on public.orders
--   locks: ACCESS SHARE on public.orders_customer_id_idx, public.orders_pkey, public.orders_status_idx
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.shipments') AND conname = 'shipments_order_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.shipments ADD CONSTRAINT shipments_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id)$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-31: create constraint public.shipments.shipments_packed_by_fkey [online]
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.shipments') AND conname = 'shipments_packed_by_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.shipments ADD CONSTRAINT shipments_packed_by_fkey FOREIGN KEY (packed_by) REFERENCES public.staff(id) ON DELETE SET NULL$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-32: create constraint public.shipments.shipments_warehouse_id_fkey [online]
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.shipments') AND conname = 'shipments_warehouse_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.shipments ADD CONSTRAINT shipments_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES public.warehouses(id)$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-33: create constraint public.staff.staff_warehouse_id_fkey [online]
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.staff') AND conname = 'staff_warehouse_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.staff ADD CONSTRAINT staff_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES public.warehouses(id)$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-34: add constraint public.stock_levels.reserved_is_there as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.stock_levels
--   rejects-writes: from here on public.stock_levels rejects new and updated rows that break reserved_is_there
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.stock_levels') AND conname = 'reserved_is_there') THEN
    EXECUTE $sql$ALTER TABLE public.stock_levels ADD CONSTRAINT reserved_is_there CHECK ((reserved <= on_hand)) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-35: build the index of constraint public.stock_levels.stock_levels_pkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.stock_levels
--   scans: public.stock_levels
--   builds: public.stock_levels_pkey
--   rejects-writes: from here on public.stock_levels rejects duplicates
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'stock_levels_pkey' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE UNIQUE INDEX stock_levels_pkey ON public.stock_levels USING btree (product_id, warehouse_id)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.stock_levels_pkey$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.stock_levels_pkey') AND NOT indisvalid) \gexec
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS stock_levels_pkey ON public.stock_levels USING btree (product_id, warehouse_id);
\endif

-- expand-36: add constraint public.stock_levels.stock_levels_product_id_fkey as NOT VALID [online]
--   locks: SHARE ROW EXCLUSIVE on public.products, public.stock_levels
--   locks: ACCESS SHARE on public.products_pkey
--   rejects-writes: from here on public.stock_levels rejects new and updated rows that break stock_levels_product_id_fkey
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.stock_levels') AND conname = 'stock_levels_product_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.stock_levels ADD CONSTRAINT stock_levels_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE CASCADE NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-37: create constraint public.supplier_accounts.supplier_accounts_supplier_id_fkey [online]
--   locks: SHARE ROW EXCLUSIVE on public.suppliers
--   locks: ACCESS SHARE on public.suppliers_pkey
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.supplier_accounts') AND conname = 'supplier_accounts_supplier_id_fkey') THEN
    EXECUTE $sql$ALTER TABLE public.supplier_accounts ADD CONSTRAINT supplier_accounts_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES public.suppliers(id) ON DELETE CASCADE$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-38: keep iban, bic of public.suppliers and public.supplier_accounts alike, by triggers [online]
--   locks: SHARE ROW EXCLUSIVE on public.suppliers
--   rejects-writes: from here on public.suppliers rejects a change of its key: the foreign key of public.supplier_accounts has no ON UPDATE CASCADE
BEGIN;
CREATE TABLE IF NOT EXISTS public._pgrehearse_b1cd1f991621 (supplier_id integer, PRIMARY KEY (supplier_id));
CREATE OR REPLACE FUNCTION public._pgrehearse_f773b5c7e12a() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $pgrehearse$
DECLARE
    outer_row pg_catalog.text := coalesce(pg_catalog.current_setting('pgrehearse.row_298d741fe270', true), '');
    made pg_catalog.int8;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', ROW(OLD.id)::record::pg_catalog.text, true);
        DELETE FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) OLD.id;
        PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', outer_row, true);
        RETURN OLD;
    END IF;
    IF outer_row OPERATOR(pg_catalog.=) ROW(NEW.id)::record::pg_catalog.text THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NOT ROW(OLD.id, OLD.iban, OLD.bic)::record OPERATOR(pg_catalog.*<>) ROW(NEW.id, NEW.iban, NEW.bic)::record THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', ROW(NEW.id)::record::pg_catalog.text, true);
    IF TG_OP = 'UPDATE' THEN
        IF ROW(OLD.id)::record OPERATOR(pg_catalog.*<>) ROW(NEW.id)::record THEN
            UPDATE public.supplier_accounts AS t SET supplier_id = NEW.id WHERE t.supplier_id OPERATOR(pg_catalog.=) OLD.id;
        END IF;
        IF ROW(NEW.iban, NEW.bic)::record OPERATOR(pg_catalog.*<>) ROW((NULL)::character varying(34), (NULL)::character varying(11))::record THEN
            DELETE FROM public._pgrehearse_b1cd1f991621 AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.id;
        END IF;
    END IF;
    UPDATE public.supplier_accounts AS t SET iban = NEW.iban, bic = NEW.bic WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.id AND ROW(t.iban, t.bic)::record OPERATOR(pg_catalog.*<>) ROW(NEW.iban, NEW.bic)::record;
    IF NEW.id IS NOT NULL AND NOT EXISTS (SELECT FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.id) THEN
        INSERT INTO public.supplier_accounts (supplier_id, iban, bic) OVERRIDING SYSTEM VALUE VALUES (NEW.id, NEW.iban, NEW.bic)
            ON CONFLICT (supplier_id) DO NOTHING;
        GET DIAGNOSTICS made = ROW_COUNT;
        IF made > 0 THEN
            IF NOT ROW(NEW.iban, NEW.bic)::record OPERATOR(pg_catalog.*<>) ROW((NULL)::character varying(34), (NULL)::character varying(11))::record THEN
                INSERT INTO public._pgrehearse_b1cd1f991621 (supplier_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
            END IF;
        ELSE
            UPDATE public.supplier_accounts AS t SET iban = NEW.iban, bic = NEW.bic WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.id AND ROW(t.iban, t.bic)::record OPERATOR(pg_catalog.*<>) ROW(NEW.iban, NEW.bic)::record;
        END IF;
    END IF;
    PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', outer_row, true);
    RETURN NULL;
END;
$pgrehearse$;
REVOKE ALL ON FUNCTION public._pgrehearse_f773b5c7e12a() FROM PUBLIC;
CREATE OR REPLACE FUNCTION public._pgrehearse_bb096531b094() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $pgrehearse$
DECLARE
    outer_row pg_catalog.text := coalesce(pg_catalog.current_setting('pgrehearse.row_298d741fe270', true), '');
    made pg_catalog.int8;
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        IF NOT outer_row OPERATOR(pg_catalog.=) ROW(NEW.supplier_id)::record::pg_catalog.text THEN
            DELETE FROM public._pgrehearse_b1cd1f991621 AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.supplier_id;
            GET DIAGNOSTICS made = ROW_COUNT;
            IF made > 0 THEN
                PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', ROW(NEW.supplier_id)::record::pg_catalog.text, true);
                DELETE FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) NEW.supplier_id;
                PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', outer_row, true);
            END IF;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        IF TG_OP = 'DELETE' OR NOT outer_row OPERATOR(pg_catalog.=) ROW(OLD.supplier_id)::record::pg_catalog.text THEN
            DELETE FROM public._pgrehearse_b1cd1f991621 AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) OLD.supplier_id;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF NOT outer_row OPERATOR(pg_catalog.=) ROW(OLD.supplier_id)::record::pg_catalog.text THEN
            PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', ROW(OLD.supplier_id)::record::pg_catalog.text, true);
            UPDATE public.suppliers AS t SET iban = NULL, bic = NULL WHERE t.id OPERATOR(pg_catalog.=) OLD.supplier_id;
            PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', outer_row, true);
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NOT ROW(OLD.supplier_id, OLD.iban, OLD.bic)::record OPERATOR(pg_catalog.*<>) ROW(NEW.supplier_id, NEW.iban, NEW.bic)::record THEN
            RETURN NULL;
        END IF;
        IF ROW(OLD.supplier_id)::record OPERATOR(pg_catalog.*<>) ROW(NEW.supplier_id)::record THEN
            PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', ROW(OLD.supplier_id)::record::pg_catalog.text, true);
            UPDATE public.suppliers AS t SET iban = NULL, bic = NULL WHERE t.id OPERATOR(pg_catalog.=) OLD.supplier_id;
            PERFORM pg_catalog.set_config('pgrehearse.row_298d741fe270', outer_row, true);
        END IF;
    END IF;
    UPDATE public.suppliers AS t SET iban = NEW.iban, bic = NEW.bic WHERE t.id OPERATOR(pg_catalog.=) NEW.supplier_id AND ROW(t.iban, t.bic)::record OPERATOR(pg_catalog.*<>) ROW(NEW.iban, NEW.bic)::record;
    RETURN NULL;
END;
$pgrehearse$;
REVOKE ALL ON FUNCTION public._pgrehearse_bb096531b094() FROM PUBLIC;
CREATE OR REPLACE TRIGGER "~pgrehearse_f773b5c7e12a" AFTER INSERT OR UPDATE ON public.suppliers FOR EACH ROW EXECUTE FUNCTION public._pgrehearse_f773b5c7e12a();
CREATE OR REPLACE TRIGGER "~pgrehearse_ff0a9bb48eae" BEFORE DELETE ON public.suppliers FOR EACH ROW EXECUTE FUNCTION public._pgrehearse_f773b5c7e12a();
CREATE OR REPLACE TRIGGER "~pgrehearse_d11edfa710ff" BEFORE INSERT ON public.supplier_accounts FOR EACH ROW EXECUTE FUNCTION public._pgrehearse_bb096531b094();
CREATE OR REPLACE TRIGGER "~pgrehearse_bb096531b094" AFTER INSERT OR UPDATE OR DELETE ON public.supplier_accounts FOR EACH ROW EXECUTE FUNCTION public._pgrehearse_bb096531b094();
COMMIT;

-- expand-39: create constraint public.warehouses.warehouses_manager_fk [online]
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.warehouses') AND conname = 'warehouses_manager_fk') THEN
    EXECUTE $sql$ALTER TABLE public.warehouses ADD CONSTRAINT warehouses_manager_fk FOREIGN KEY (manager_id) REFERENCES public.staff(id) DEFERRABLE INITIALLY DEFERRED$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-40: create index public.categories_parent_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.categories
--   scans: public.categories
--   builds: public.categories_parent_id_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'categories_parent_id_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX categories_parent_id_idx ON public.categories USING btree (parent_id, "position")')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.categories_parent_id_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.categories_parent_id_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS categories_parent_id_idx ON public.categories USING btree (parent_id, "position");
\endif

-- expand-41: create index public.order_events_2025q3_kind_happened_at_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_events_2025q3
--   scans: public.order_events_2025q3
--   builds: public.order_events_2025q3_kind_happened_at_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'order_events_2025q3_kind_happened_at_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX order_events_2025q3_kind_happened_at_idx ON public.order_events_2025q3 USING btree (kind, happened_at DESC)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.order_events_2025q3_kind_happened_at_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.order_events_2025q3_kind_happened_at_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_2025q3_kind_happened_at_idx ON public.order_events_2025q3 USING btree (kind, happened_at DESC);
\endif

-- expand-42: create index public.order_events_2025q4_kind_happened_at_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_events_2025q4
--   scans: public.order_events_2025q4
--   builds: public.order_events_2025q4_kind_happened_at_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'order_events_2025q4_kind_happened_at_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX order_events_2025q4_kind_happened_at_idx ON public.order_events_2025q4 USING btree (kind, happened_at DESC)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.order_events_2025q4_kind_happened_at_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.order_events_2025q4_kind_happened_at_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS order_events_2025q4_kind_happened_at_idx ON public.order_events_2025q4 USING btree (kind, happened_at DESC);
\endif

-- expand-43: create index public.order_events_2026q1_kind_happened_at_idx [online]
SET lock_timeout = '5s';
BEGIN;
CREATE INDEX IF NOT EXISTS order_events_2026q1_kind_happened_at_idx ON public.order_events_2026q1 USING btree (kind, happened_at DESC);
COMMIT;

-- expand-44: create index public.order_events_2026q1_order_id_idx [online]
BEGIN;
CREATE INDEX IF NOT EXISTS order_events_2026q1_order_id_idx ON public.order_events_2026q1 USING btree (order_id);
COMMIT;

-- expand-45: create index public.order_events_kind_idx [online]
--   locks: SHARE on public.order_events
BEGIN;
CREATE INDEX IF NOT EXISTS order_events_kind_idx ON ONLY public.order_events USING btree (kind, happened_at DESC);
COMMIT;

-- expand-46: create index public.order_items_product_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_items
--   scans: public.order_items
--   builds: public.order_items_product_id_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'order_items_product_id_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX order_items_product_id_idx ON public.order_items USING btree (product_id)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.order_items_product_id_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.order_items_product_id_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS order_items_product_id_idx ON public.order_items USING btree (product_id);
\endif

-- expand-47: create index public.products_attributes_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.products
--   scans: public.products
--   builds: public.products_attributes_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'products_attributes_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX products_attributes_idx ON public.products USING gin (attributes jsonb_path_ops)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.products_attributes_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.products_attributes_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_attributes_idx ON public.products USING gin (attributes jsonb_path_ops);
\endif

-- expand-48: build the new index public.products_category_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.products
--   scans: public.products
--   builds: public._pgrehearse_9c5f727c126b
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = '_pgrehearse_9c5f727c126b' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX _pgrehearse_9c5f727c126b ON public.products USING btree (category_id) INCLUDE (price) WHERE active')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public._pgrehearse_9c5f727c126b$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public._pgrehearse_9c5f727c126b') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS _pgrehearse_9c5f727c126b ON public.products USING btree (category_id) INCLUDE (price) WHERE active;
\endif

-- expand-49: create index public.shipments_order_id_idx [online]
SET lock_timeout = '5s';
BEGIN;
CREATE INDEX IF NOT EXISTS shipments_order_id_idx ON public.shipments USING btree (order_id);
COMMIT;

-- expand-50: create index public.shipments_tracking_no_key [online]
BEGIN;
CREATE UNIQUE INDEX IF NOT EXISTS shipments_tracking_no_key ON public.shipments USING btree (carrier, tracking_no) WHERE (tracking_no IS NOT NULL);
COMMIT;

-- expand-51: create index public.staff_warehouse_id_idx [online]
BEGIN;
CREATE INDEX IF NOT EXISTS staff_warehouse_id_idx ON public.staff USING btree (warehouse_id);
COMMIT;

-- expand-52: create index public.suppliers_vat_id_key [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.suppliers
--   scans: public.suppliers
--   builds: public.suppliers_vat_id_key
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SET lock_timeout = '0';
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'suppliers_vat_id_key' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE UNIQUE INDEX suppliers_vat_id_key ON public.suppliers USING btree (vat_id)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.suppliers_vat_id_key$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.suppliers_vat_id_key') AND NOT indisvalid) \gexec
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS suppliers_vat_id_key ON public.suppliers USING btree (vat_id);
\endif

-- expand-53: attach public.order_events_2026q1 to public.order_events [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_events, public.order_events_order_id_idx, public.order_events_pkey
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = to_regclass('public.order_events_2026q1') AND inhparent = to_regclass('public.order_events')) THEN
    EXECUTE $sql$ALTER TABLE ONLY public.order_events ATTACH PARTITION public.order_events_2026q1 FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-04-01 00:00:00+00')$sql$;
  END IF;
END
$do$;
COMMIT;

-- expand-54: create attachment of index public.order_events_2025q3_kind_happened_at_idx [online]
--   locks: ACCESS SHARE on public.order_events, public.order_events_2025q3
BEGIN;
ALTER INDEX public.order_events_kind_idx ATTACH PARTITION public.order_events_2025q3_kind_happened_at_idx;
COMMIT;

-- expand-55: create attachment of index public.order_events_2025q4_kind_happened_at_idx [online]
--   locks: ACCESS SHARE on public.order_events, public.order_events_2025q4
BEGIN;
ALTER INDEX public.order_events_kind_idx ATTACH PARTITION public.order_events_2025q4_kind_happened_at_idx;
COMMIT;

-- expand-56: create attachment of index public.order_events_2026q1_kind_happened_at_idx [online]
--   locks: ACCESS SHARE on public.order_events
BEGIN;
ALTER INDEX public.order_events_kind_idx ATTACH PARTITION public.order_events_2026q1_kind_happened_at_idx;
COMMIT;

-- expand-57: create attachment of index public.order_events_2026q1_order_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_events_order_id_idx
--   locks: ACCESS SHARE on public.order_events
BEGIN;
ALTER INDEX public.order_events_order_id_idx ATTACH PARTITION public.order_events_2026q1_order_id_idx;
COMMIT;

-- expand-58: create attachment of index public.order_events_2026q1_pkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_events_pkey
--   locks: ACCESS SHARE on public.order_events
BEGIN;
ALTER INDEX public.order_events_pkey ATTACH PARTITION public.order_events_2026q1_pkey;
COMMIT;

-- expand-59: change trigger public.orders.orders_log_status: definition [online]
--   locks: SHARE ROW EXCLUSIVE on public.orders
BEGIN;
CREATE OR REPLACE TRIGGER orders_log_status AFTER UPDATE OF status ON public.orders FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.log_order_status();
COMMIT;

-- expand-60: change trigger public.products.products_touch: definition [online]
--   locks: SHARE ROW EXCLUSIVE on public.products
BEGIN;
CREATE OR REPLACE TRIGGER products_touch BEFORE UPDATE ON public.products FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.touch_updated_at();
COMMIT;

-- expand-61: create comment on column public.customers.marketing_ok [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers
BEGIN;
COMMENT ON COLUMN public.customers.marketing_ok IS 'May we send them the newsletter? (opt-in)';
COMMIT;

-- expand-62: create comment on column public.reviews.helpful [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.reviews
BEGIN;
COMMENT ON COLUMN public.reviews.helpful IS 'How many readers pressed "helpful"';
COMMIT;

-- expand-63: create comment on column public.shipments.tracking_no [online]
BEGIN;
COMMENT ON COLUMN public.shipments.tracking_no IS 'As the carrier prints it';
COMMIT;

-- expand-64: change comment on type public.order_status: text [online]
BEGIN;
COMMENT ON TYPE public.order_status IS 'Life of an order; a return may follow the shipment';
COMMIT;

-- expand-65: create comment on function public.available_stock(bigint) [online]
BEGIN;
COMMENT ON FUNCTION public.available_stock(bigint) IS 'What can still be promised to a customer';
COMMIT;

-- expand-66: create comment on table public.shipments [online]
BEGIN;
COMMENT ON TABLE public.shipments IS 'Parcels. An order may take several.';
COMMIT;

-- expand-67: create comment on table public.warehouses [online]
BEGIN;
COMMENT ON TABLE public.warehouses IS 'Where goods lie';
COMMIT;

--
-- MIGRATE: fills and validates
-- the old application goes on working
-- the new application works from the end of this phase, but for what keeps its name: that comes with contract-5, contract-6, contract-7
--

-- migrate-1: fill public.supplier_accounts from public.suppliers [online]
--   locks: ROW EXCLUSIVE on public.supplier_accounts
--   locks: ROW SHARE on public.suppliers, public.suppliers_pkey, public.suppliers_vat_id_key
--   locks: ACCESS SHARE on public.supplier_accounts_pkey
--   long-running: every row of public.suppliers is read once, in batches
--   in batches by id; not inside a transaction, because each batch is committed
DO $fill$
#variable_conflict use_column
DECLARE
  _pgrehearse_from_1 public.suppliers.id%TYPE;
  _pgrehearse_to_1 public.suppliers.id%TYPE;
  _pgrehearse_last_1 public.suppliers.id%TYPE;
BEGIN
  SELECT id INTO _pgrehearse_from_1 FROM public.suppliers ORDER BY id LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT id INTO _pgrehearse_last_1 FROM public.suppliers ORDER BY id DESC LIMIT 1;
  LOOP
    SELECT id INTO _pgrehearse_to_1 FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) ORDER BY id OFFSET 1000 LIMIT 1;
    EXIT WHEN NOT FOUND;
    INSERT INTO public.supplier_accounts (supplier_id, iban, bic) OVERRIDING SYSTEM VALUE SELECT public.suppliers.id, public.suppliers.iban, public.suppliers.bic FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) < (_pgrehearse_to_1) AND (public.suppliers.id IS NOT NULL AND NOT EXISTS (SELECT FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) public.suppliers.id)) FOR SHARE ON CONFLICT DO NOTHING;
    COMMIT;
    _pgrehearse_from_1 := _pgrehearse_to_1;
  END LOOP;
  INSERT INTO public.supplier_accounts (supplier_id, iban, bic) OVERRIDING SYSTEM VALUE SELECT public.suppliers.id, public.suppliers.iban, public.suppliers.bic FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) AND (public.suppliers.id IS NOT NULL AND NOT EXISTS (SELECT FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) public.suppliers.id)) FOR SHARE ON CONFLICT DO NOTHING;
  COMMIT;
END
$fill$;

-- migrate-2: fill the new display_name of public.customers [online]
--   locks: ROW EXCLUSIVE on public.customers, public.customers_email_key, public.customers_full_name_idx, public.customers_pkey
--   long-running: every row of public.customers is written once, in batches
--   in batches by id; not inside a transaction, because each batch is committed
DO $fill$
#variable_conflict use_column
DECLARE
  _pgrehearse_from_1 public.customers.id%TYPE;
  _pgrehearse_to_1 public.customers.id%TYPE;
  _pgrehearse_last_1 public.customers.id%TYPE;
BEGIN
  SELECT id INTO _pgrehearse_from_1 FROM public.customers ORDER BY id LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT id INTO _pgrehearse_last_1 FROM public.customers ORDER BY id DESC LIMIT 1;
  LOOP
    SELECT id INTO _pgrehearse_to_1 FROM public.customers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) ORDER BY id OFFSET 1000 LIMIT 1;
    EXIT WHEN NOT FOUND;
    UPDATE public.customers SET display_name = full_name WHERE (id) >= (_pgrehearse_from_1) AND (id) < (_pgrehearse_to_1) AND (ROW(display_name)::record OPERATOR(pg_catalog.*<>) ROW((full_name)::text)::record);
    COMMIT;
    _pgrehearse_from_1 := _pgrehearse_to_1;
  END LOOP;
  UPDATE public.customers SET display_name = full_name WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) AND (ROW(display_name)::record OPERATOR(pg_catalog.*<>) ROW((full_name)::text)::record);
  COMMIT;
END
$fill$;

-- migrate-3: refuse new NULLs in the new column public.customers.display_name [online]
--   locks: ACCESS EXCLUSIVE on public.customers
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.customers') AND conname = '_pgrehearse_563b5f5cd70d') THEN
    EXECUTE $sql$ALTER TABLE public.customers ADD CONSTRAINT _pgrehearse_563b5f5cd70d CHECK (display_name IS NOT NULL) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- migrate-4: check the rows of the new column public.customers.display_name [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers
--   scans: public.customers
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.customers VALIDATE CONSTRAINT _pgrehearse_563b5f5cd70d;
COMMIT;

-- migrate-5: set the new column public.customers.display_name NOT NULL [online]
--   locks: ACCESS EXCLUSIVE on public.customers
SET lock_timeout = '5s';
BEGIN;
ALTER TABLE public.customers ALTER COLUMN display_name SET NOT NULL;
ALTER TABLE IF EXISTS public.customers DROP CONSTRAINT IF EXISTS _pgrehearse_563b5f5cd70d;
COMMIT;

-- migrate-6: collect statistics of the new display_name of public.customers [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers
--   locks: ACCESS SHARE on public.customers_email_key, public.customers_full_name_idx, public.customers_pkey
BEGIN;
ANALYZE public.customers (display_name);
COMMIT;

-- migrate-7: check the rows of column public.customers.locale [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers
--   scans: public.customers
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.customers VALIDATE CONSTRAINT _pgrehearse_7a0494df0299;
COMMIT;

-- migrate-8: set column public.customers.locale NOT NULL [online]
--   locks: ACCESS EXCLUSIVE on public.customers
SET lock_timeout = '5s';
BEGIN;
ALTER TABLE public.customers ALTER COLUMN locale SET NOT NULL;
ALTER TABLE IF EXISTS public.customers DROP CONSTRAINT IF EXISTS _pgrehearse_7a0494df0299;
COMMIT;

-- migrate-9: check the rows of column public.orders.placed_at [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.orders
--   scans: public.orders
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.orders VALIDATE CONSTRAINT _pgrehearse_501be5e85b1a;
COMMIT;

-- migrate-10: set column public.orders.placed_at NOT NULL [online]
--   locks: ACCESS EXCLUSIVE on public.orders
SET lock_timeout = '5s';
BEGIN;
ALTER TABLE public.orders ALTER COLUMN placed_at SET NOT NULL;
ALTER TABLE IF EXISTS public.orders DROP CONSTRAINT IF EXISTS _pgrehearse_501be5e85b1a;
COMMIT;

-- migrate-11: add constraint public.categories.categories_slug_key using its index [online]
--   locks: ACCESS EXCLUSIVE on public.categories
--   locks: ACCESS SHARE on public.categories_slug_key
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.categories') AND conname = 'categories_slug_key') THEN
    EXECUTE $sql$ALTER TABLE public.categories ADD CONSTRAINT categories_slug_key UNIQUE USING INDEX categories_slug_key$sql$;
  END IF;
END
$do$;
COMMIT;

-- migrate-12: validate constraint public.order_items.discount_is_a_fraction [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_items
--   scans: public.order_items
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.order_items VALIDATE CONSTRAINT discount_is_a_fraction;
COMMIT;

-- migrate-13: validate constraint public.order_items.order_items_product_id_fkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_items
--   locks: ROW SHARE on public.products
--   locks: ACCESS SHARE on public._pgrehearse_9c5f727c126b, public.order_items_pkey, public.order_items_product_id_idx, public.products_attributes_idx, public.products_category_id_idx, public.products_description_trgm_idx, public.products_pkey, public.products_sku_key
--   scans: public.order_items, public.products
BEGIN;
ALTER TABLE public.order_items VALIDATE CONSTRAINT order_items_product_id_fkey;
COMMIT;

-- migrate-14: validate constraint public.order_items.order_items_quantity_check [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.order_items
--   scans: public.order_items
BEGIN;
ALTER TABLE public.order_items VALIDATE CONSTRAINT order_items_quantity_check;
COMMIT;

-- migrate-15: add constraint public.payments.payments_method_provider_id_key using its index [online]
--   locks: ACCESS EXCLUSIVE on public.payments
--   locks: ACCESS SHARE on public.payments_method_provider_id_key
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.payments') AND conname = 'payments_method_provider_id_key') THEN
    EXECUTE $sql$ALTER TABLE public.payments ADD CONSTRAINT payments_method_provider_id_key UNIQUE USING INDEX payments_method_provider_id_key$sql$;
  END IF;
END
$do$;
COMMIT;

-- migrate-16: validate constraint public.payments.payments_order_id_fkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.payments
--   locks: ROW SHARE on public.orders
--   locks: ACCESS SHARE on public.orders_customer_id_idx, public.orders_pkey, public.orders_status_idx, public.payments_method_provider_id_key, public.payments_order_id_idx, public.payments_pkey
--   scans: public.orders, public.payments
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.payments VALIDATE CONSTRAINT payments_order_id_fkey;
COMMIT;

-- migrate-17: validate constraint public.products.products_price_check [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.products
--   scans: public.products
BEGIN;
ALTER TABLE public.products VALIDATE CONSTRAINT products_price_check;
COMMIT;

-- migrate-18: validate constraint public.products.products_supplier_id_fkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.products
--   locks: ROW SHARE on public.suppliers
--   locks: ACCESS SHARE on public._pgrehearse_9c5f727c126b, public.products_attributes_idx, public.products_category_id_idx, public.products_description_trgm_idx, public.products_pkey, public.products_sku_key, public.suppliers_pkey, public.suppliers_vat_id_key
--   scans: public.products, public.suppliers
BEGIN;
ALTER TABLE public.products VALIDATE CONSTRAINT products_supplier_id_fkey;
COMMIT;

-- migrate-19: add constraint public.reviews.reviews_product_id_customer_id_key using its index [online]
--   locks: ACCESS EXCLUSIVE on public.reviews
--   locks: ACCESS SHARE on public.reviews_product_id_customer_id_key
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.reviews') AND conname = 'reviews_product_id_customer_id_key') THEN
    EXECUTE $sql$ALTER TABLE public.reviews ADD CONSTRAINT reviews_product_id_customer_id_key UNIQUE USING INDEX reviews_product_id_customer_id_key$sql$;
  END IF;
END
$do$;
COMMIT;

-- migrate-20: validate constraint public.reviews.reviews_stars_check [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.reviews
--   scans: public.reviews
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.reviews VALIDATE CONSTRAINT reviews_stars_check;
COMMIT;

-- migrate-21: validate constraint public.stock_levels.reserved_is_there [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.stock_levels
--   scans: public.stock_levels
BEGIN;
ALTER TABLE public.stock_levels VALIDATE CONSTRAINT reserved_is_there;
COMMIT;

-- migrate-22: add constraint public.stock_levels.stock_levels_pkey using its index [online]
--   locks: ACCESS EXCLUSIVE on public.stock_levels
--   locks: ACCESS SHARE on public.stock_levels_pkey
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.stock_levels') AND conname = 'stock_levels_pkey') THEN
    EXECUTE $sql$ALTER TABLE public.stock_levels ADD CONSTRAINT stock_levels_pkey PRIMARY KEY USING INDEX stock_levels_pkey$sql$;
  END IF;
END
$do$;
COMMIT;

-- migrate-23: validate constraint public.stock_levels.stock_levels_product_id_fkey [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.stock_levels
--   locks: ROW SHARE on public.products
--   locks: ACCESS SHARE on public._pgrehearse_9c5f727c126b, public.products_attributes_idx, public.products_category_id_idx, public.products_description_trgm_idx, public.products_pkey, public.products_sku_key, public.stock_levels_pkey
--   scans: public.products, public.stock_levels
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.stock_levels VALIDATE CONSTRAINT stock_levels_product_id_fkey;
COMMIT;

-- migrate-24: create index public.customers_display_name_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers
--   scans: public.customers
--   builds: public.customers_display_name_idx
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'customers_display_name_idx' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX customers_display_name_idx ON public.customers USING btree (lower(display_name) text_pattern_ops)')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.customers_display_name_idx$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.customers_display_name_idx') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_display_name_idx ON public.customers USING btree (lower(display_name) text_pattern_ops);
\endif

-- migrate-25: build the new index public.orders_status_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.orders
--   scans: public.orders
--   builds: public._pgrehearse_49e23ca3b0a8
--   not-transactional: runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped and built again
SELECT (SELECT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = '_pgrehearse_49e23ca3b0a8' AND x.indisvalid AND pg_catalog.pg_get_indexdef(i.oid) = 'CREATE INDEX _pgrehearse_49e23ca3b0a8 ON public.orders USING btree (status, placed_at) WHERE (status = ANY (ARRAY[''pending''::public.order_status, ''paid''::public.order_status]))')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public._pgrehearse_49e23ca3b0a8$sql$
 WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public._pgrehearse_49e23ca3b0a8') AND NOT indisvalid) \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS _pgrehearse_49e23ca3b0a8 ON public.orders USING btree (status, placed_at) WHERE (status = ANY (ARRAY['pending'::public.order_status, 'paid'::public.order_status]));
\endif

--
-- CONTRACT: swaps, retires, drops
-- the old application must be gone before contract-19; until there it works as long as its queries take what the swaps bring
-- the new application works from contract-7 on
--

-- contract-1: look for rows that are only in public.suppliers [online]
--   locks: ROW EXCLUSIVE on public.supplier_accounts
--   locks: ROW SHARE on public.suppliers, public.suppliers_pkey, public.suppliers_vat_id_key
--   locks: ACCESS SHARE on public.supplier_accounts_pkey
--   long-running: every row of public.suppliers is read once more, in batches
--   in batches by id; not inside a transaction, because each batch is committed
SET lock_timeout = '5s';
DO $fill$
#variable_conflict use_column
DECLARE
  _pgrehearse_from_1 public.suppliers.id%TYPE;
  _pgrehearse_to_1 public.suppliers.id%TYPE;
  _pgrehearse_last_1 public.suppliers.id%TYPE;
BEGIN
  SELECT id INTO _pgrehearse_from_1 FROM public.suppliers ORDER BY id LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT id INTO _pgrehearse_last_1 FROM public.suppliers ORDER BY id DESC LIMIT 1;
  LOOP
    SELECT id INTO _pgrehearse_to_1 FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) ORDER BY id OFFSET 1000 LIMIT 1;
    EXIT WHEN NOT FOUND;
    INSERT INTO public.supplier_accounts (supplier_id, iban, bic) OVERRIDING SYSTEM VALUE SELECT public.suppliers.id, public.suppliers.iban, public.suppliers.bic FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) < (_pgrehearse_to_1) AND (public.suppliers.id IS NOT NULL AND NOT EXISTS (SELECT FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) public.suppliers.id) AND (public.suppliers.iban IS NOT NULL OR public.suppliers.bic IS NOT NULL)) FOR SHARE ON CONFLICT DO NOTHING;
    COMMIT;
    _pgrehearse_from_1 := _pgrehearse_to_1;
  END LOOP;
  INSERT INTO public.supplier_accounts (supplier_id, iban, bic) OVERRIDING SYSTEM VALUE SELECT public.suppliers.id, public.suppliers.iban, public.suppliers.bic FROM public.suppliers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) AND (public.suppliers.id IS NOT NULL AND NOT EXISTS (SELECT FROM public.supplier_accounts AS t WHERE t.supplier_id OPERATOR(pg_catalog.=) public.suppliers.id) AND (public.suppliers.iban IS NOT NULL OR public.suppliers.bic IS NOT NULL)) FOR SHARE ON CONFLICT DO NOTHING;
  COMMIT;
END
$fill$;

-- contract-2: compare with its counterpart every row of public.supplier_accounts [online]
--   locks: ROW EXCLUSIVE on public.supplier_accounts, public.supplier_accounts_pkey
--   locks: ROW SHARE on public.suppliers, public.suppliers_pkey, public.suppliers_vat_id_key
--   long-running: every row of public.supplier_accounts is read once more, in batches
--   in batches by supplier_id; not inside a transaction, because each batch is committed
DO $fill$
#variable_conflict use_column
DECLARE
  _pgrehearse_from_1 public.supplier_accounts.supplier_id%TYPE;
  _pgrehearse_to_1 public.supplier_accounts.supplier_id%TYPE;
  _pgrehearse_last_1 public.supplier_accounts.supplier_id%TYPE;
BEGIN
  SELECT supplier_id INTO _pgrehearse_from_1 FROM public.supplier_accounts ORDER BY supplier_id LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT supplier_id INTO _pgrehearse_last_1 FROM public.supplier_accounts ORDER BY supplier_id DESC LIMIT 1;
  LOOP
    SELECT supplier_id INTO _pgrehearse_to_1 FROM public.supplier_accounts WHERE (supplier_id) >= (_pgrehearse_from_1) AND (supplier_id) <= (_pgrehearse_last_1) ORDER BY supplier_id OFFSET 1000 LIMIT 1;
    EXIT WHEN NOT FOUND;
    UPDATE public.supplier_accounts SET iban = (SELECT t.iban FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE), bic = (SELECT t.bic FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE) WHERE (supplier_id) >= (_pgrehearse_from_1) AND (supplier_id) < (_pgrehearse_to_1) AND (EXISTS (SELECT FROM (SELECT t.iban, t.bic FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE) AS t WHERE ROW(t.iban, t.bic)::record OPERATOR(pg_catalog.*<>) ROW(public.supplier_accounts.iban, public.supplier_accounts.bic)::record));
    COMMIT;
    _pgrehearse_from_1 := _pgrehearse_to_1;
  END LOOP;
  UPDATE public.supplier_accounts SET iban = (SELECT t.iban FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE), bic = (SELECT t.bic FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE) WHERE (supplier_id) >= (_pgrehearse_from_1) AND (supplier_id) <= (_pgrehearse_last_1) AND (EXISTS (SELECT FROM (SELECT t.iban, t.bic FROM public.suppliers AS t WHERE t.id OPERATOR(pg_catalog.=) public.supplier_accounts.supplier_id FOR SHARE) AS t WHERE ROW(t.iban, t.bic)::record OPERATOR(pg_catalog.*<>) ROW(public.supplier_accounts.iban, public.supplier_accounts.bic)::record));
  COMMIT;
END
$fill$;

-- contract-3: compare the old and the new display_name of public.customers [online]
--   locks: ROW EXCLUSIVE on public.customers, public.customers_display_name_idx, public.customers_email_key, public.customers_full_name_idx, public.customers_pkey
--   long-running: every row of public.customers is read once more, in batches
--   in batches by id; not inside a transaction, because each batch is committed
DO $fill$
#variable_conflict use_column
DECLARE
  _pgrehearse_from_1 public.customers.id%TYPE;
  _pgrehearse_to_1 public.customers.id%TYPE;
  _pgrehearse_last_1 public.customers.id%TYPE;
BEGIN
  SELECT id INTO _pgrehearse_from_1 FROM public.customers ORDER BY id LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT id INTO _pgrehearse_last_1 FROM public.customers ORDER BY id DESC LIMIT 1;
  LOOP
    SELECT id INTO _pgrehearse_to_1 FROM public.customers WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) ORDER BY id OFFSET 1000 LIMIT 1;
    EXIT WHEN NOT FOUND;
    UPDATE public.customers SET display_name = full_name WHERE (id) >= (_pgrehearse_from_1) AND (id) < (_pgrehearse_to_1) AND (ROW(display_name)::record OPERATOR(pg_catalog.*<>) ROW((full_name)::text)::record);
    COMMIT;
    _pgrehearse_from_1 := _pgrehearse_to_1;
  END LOOP;
  UPDATE public.customers SET display_name = full_name WHERE (id) >= (_pgrehearse_from_1) AND (id) <= (_pgrehearse_last_1) AND (ROW(display_name)::record OPERATOR(pg_catalog.*<>) ROW((full_name)::text)::record);
  COMMIT;
END
$fill$;

-- contract-4: hand over to the new public.customers.display_name what hangs on the old [online]
--   locks: ACCESS EXCLUSIVE on public.customers
BEGIN;
LOCK TABLE public.customers IN ACCESS EXCLUSIVE MODE;
COMMIT;

-- contract-5: change column public.orders.note: type [online]
--   locks: ACCESS EXCLUSIVE on public.orders
--   breaks-queries: prepared statements that return column public.orders.note fail (0A000) until they are prepared again
BEGIN;
ALTER TABLE public.orders ALTER COLUMN note TYPE text;
COMMIT;

-- contract-6: change column public.payments.amount: type [online]
--   locks: ACCESS EXCLUSIVE on public.payments
--   breaks-queries: prepared statements that return column public.payments.amount fail (0A000) until they are prepared again
BEGIN;
ALTER TABLE public.payments ALTER COLUMN amount TYPE numeric(12,2);
COMMIT;

-- contract-7: change column public.products.name: type (and 1 object with it) [online]
--   locks: ACCESS EXCLUSIVE on public.active_products, public.products
--   locks: ACCESS SHARE on public.categories
--   breaks-queries: prepared statements that return column public.products.name fail (0A000) until they are prepared again
BEGIN;
DROP VIEW IF EXISTS public.active_products;
ALTER TABLE public.products ALTER COLUMN name TYPE character varying(200);
CREATE OR REPLACE VIEW public.active_products AS
 SELECT p.id,
    p.sku,
    p.name,
    p.price,
    c.name AS category,
    round((p.price * ((1)::numeric + p.tax_rate)), 2) AS price_with_tax
   FROM (public.products p
     LEFT JOIN public.categories c ON ((c.id = p.category_id)))
  WHERE p.active;
COMMIT;

-- contract-8: add constraint public.payments.payments_amount_positive as NOT VALID [online]
--   locks: ACCESS EXCLUSIVE on public.payments
--   rejects-writes: from here on public.payments rejects new and updated rows that break payments_amount_positive
BEGIN;
DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('public.payments') AND conname = 'payments_amount_positive') THEN
    EXECUTE $sql$ALTER TABLE public.payments ADD CONSTRAINT payments_amount_positive CHECK ((amount > (0)::numeric)) NOT VALID$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-9: validate constraint public.payments.payments_amount_positive [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.payments
--   scans: public.payments
SET lock_timeout = '0';
BEGIN;
ALTER TABLE public.payments VALIDATE CONSTRAINT payments_amount_positive;
COMMIT;

-- contract-10: drop index public.categories_slug_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.categories, public.categories_slug_idx
--   long-running: queries that index public.categories_slug_idx serves become scans
SELECT (SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'categories_slug_idx')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
DROP INDEX CONCURRENTLY IF EXISTS public.categories_slug_idx;
\endif

-- contract-11: swap index public.orders_status_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public._pgrehearse_49e23ca3b0a8, public.orders_status_idx
\if :{?once}
\else
\echo contract-11 takes a name away which a later step gives to something new: run with -v once=1, and only once
DO $$ BEGIN RAISE EXCEPTION 'stopped before the first statement of this step'; END $$;
\endif
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF to_regclass('public.orders_status_idx') IS NOT NULL AND to_regclass('public._pgrehearse_ad6b9be7c7b6') IS NULL THEN
    EXECUTE $sql$ALTER INDEX public.orders_status_idx RENAME TO _pgrehearse_ad6b9be7c7b6$sql$;
  END IF;
END
$do$;
DO $do$
BEGIN
  IF to_regclass('public._pgrehearse_49e23ca3b0a8') IS NOT NULL AND to_regclass('public.orders_status_idx') IS NULL THEN
    EXECUTE $sql$ALTER INDEX public._pgrehearse_49e23ca3b0a8 RENAME TO orders_status_idx$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-12: drop the old index public.orders_status_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public._pgrehearse_ad6b9be7c7b6, public.orders
SET lock_timeout = '0';
SELECT (SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = '_pgrehearse_ad6b9be7c7b6')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
DROP INDEX CONCURRENTLY IF EXISTS public._pgrehearse_ad6b9be7c7b6;
\endif

-- contract-13: swap index public.products_category_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public._pgrehearse_9c5f727c126b, public.products_category_id_idx
\if :{?once}
\else
\echo contract-13 takes a name away which a later step gives to something new: run with -v once=1, and only once
DO $$ BEGIN RAISE EXCEPTION 'stopped before the first statement of this step'; END $$;
\endif
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF to_regclass('public.products_category_id_idx') IS NOT NULL AND to_regclass('public._pgrehearse_b39054b197e3') IS NULL THEN
    EXECUTE $sql$ALTER INDEX public.products_category_id_idx RENAME TO _pgrehearse_b39054b197e3$sql$;
  END IF;
END
$do$;
DO $do$
BEGIN
  IF to_regclass('public._pgrehearse_9c5f727c126b') IS NOT NULL AND to_regclass('public.products_category_id_idx') IS NULL THEN
    EXECUTE $sql$ALTER INDEX public._pgrehearse_9c5f727c126b RENAME TO products_category_id_idx$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-14: drop the old index public.products_category_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public._pgrehearse_b39054b197e3, public.products
SET lock_timeout = '0';
SELECT (SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = '_pgrehearse_b39054b197e3')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
DROP INDEX CONCURRENTLY IF EXISTS public._pgrehearse_b39054b197e3;
\endif

-- contract-15: drop index public.reviews_product_id_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.reviews, public.reviews_product_id_idx
--   long-running: queries that index public.reviews_product_id_idx serves become scans
SELECT (SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'reviews_product_id_idx')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
DROP INDEX CONCURRENTLY IF EXISTS public.reviews_product_id_idx;
\endif

-- contract-16: replace view public.order_summary [online]
--   locks: ACCESS EXCLUSIVE on public.order_summary
--   locks: ACCESS SHARE on public.customers, public.orders
SET lock_timeout = '5s';
BEGIN;
DROP VIEW IF EXISTS public.order_summary;
CREATE OR REPLACE VIEW public.order_summary AS
 SELECT o.id,
    o.status,
    o.placed_at,
    o.note,
    cu.display_name AS customer,
    public.order_total(o.id) AS total
   FROM (public.orders o
     JOIN public.customers cu ON ((cu.id = o.customer_id)));
COMMIT;

-- contract-17: create view public.top_products [online]
--   locks: ACCESS SHARE on public.reviews
BEGIN;
CREATE OR REPLACE VIEW public.top_products AS
 SELECT a.id,
    a.name,
    avg(r.stars) AS stars,
    count(*) AS reviews
   FROM (public.active_products a
     JOIN public.reviews r ON ((r.product_id = a.id)))
  GROUP BY a.id, a.name
 HAVING (count(*) >= 5);
COMMIT;

-- contract-18: replace comment on view public.order_summary [online]
BEGIN;
COMMENT ON VIEW public.order_summary IS 'One line per order, for the back office';
COMMIT;

-- contract-19: retire table public.newsletter_signups as _deprecated_newsletter_signups [online]
--   locks: ACCESS EXCLUSIVE on public.newsletter_signups
--   breaks-queries: queries that name table public.newsletter_signups fail from here on
--   gate: no query names table public.newsletter_signups in two looks at pg_stat_statements, 24 h apart
BEGIN;
DO $do$
BEGIN
  IF to_regclass('public.newsletter_signups') IS NOT NULL AND to_regclass('public._deprecated_newsletter_signups') IS NULL THEN
    EXECUTE $sql$ALTER TABLE public.newsletter_signups RENAME TO _deprecated_newsletter_signups$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-20: retire column public.customers.fax as _deprecated_fax [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   breaks-queries: queries that name column public.customers.fax fail from here on
--   gate: no query names column public.customers.fax in two looks at pg_stat_statements, 24 h apart
BEGIN;
DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.customers') AND attname = 'fax' AND NOT attisdropped) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.customers') AND attname = '_deprecated_fax' AND NOT attisdropped) THEN
    EXECUTE $sql$ALTER TABLE public.customers RENAME COLUMN fax TO _deprecated_fax$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-21: drop index public.customers_full_name_idx [online]
--   locks: SHARE UPDATE EXCLUSIVE on public.customers, public.customers_full_name_idx
--   long-running: queries that index public.customers_full_name_idx serves become scans
--   gate: no query names column public.customers.full_name in two looks at pg_stat_statements, 24 h apart
SET lock_timeout = '0';
SELECT (SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = 'public' AND i.relname = 'customers_full_name_idx')
) AS pgrehearse_done \gset
\if :pgrehearse_done
\else
DROP INDEX CONCURRENTLY IF EXISTS public.customers_full_name_idx;
\endif

-- contract-22: retire column public.customers.full_name as _deprecated_full_name [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   breaks-queries: queries that name column public.customers.full_name fail from here on
--   gate: no query names column public.customers.full_name in two looks at pg_stat_statements, 24 h apart
SET lock_timeout = '5s';
BEGIN;
DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.customers') AND attname = 'full_name' AND NOT attisdropped) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.customers') AND attname = '_deprecated_full_name' AND NOT attisdropped) THEN
    EXECUTE $sql$ALTER TABLE public.customers RENAME COLUMN full_name TO _deprecated_full_name$sql$;
  END IF;
END
$do$;
CREATE OR REPLACE FUNCTION public._pgrehearse_31dabe6098df() RETURNS trigger LANGUAGE plpgsql AS $pgrehearse$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.display_name IS NOT NULL THEN
            NEW._deprecated_full_name := NEW.display_name;
        ELSE
            NEW.display_name := NEW._deprecated_full_name;
        END IF;
    ELSIF ROW(NEW.display_name)::record OPERATOR(pg_catalog.*<>) ROW(OLD.display_name)::record THEN
        IF ROW(NEW.display_name)::record OPERATOR(pg_catalog.*<>) ROW((NEW._deprecated_full_name)::text)::record THEN
            NEW._deprecated_full_name := NEW.display_name;
        END IF;
    ELSIF NEW.display_name IS NULL OR ROW(NEW._deprecated_full_name)::record OPERATOR(pg_catalog.*<>) ROW(OLD._deprecated_full_name)::record THEN
        NEW.display_name := NEW._deprecated_full_name;
    END IF;
    RETURN NEW;
END;
$pgrehearse$;
COMMIT;

-- contract-23: stop keeping iban, bic of public.suppliers and public.supplier_accounts alike [online]
--   locks: ACCESS EXCLUSIVE on public._pgrehearse_b1cd1f991621, public._pgrehearse_b1cd1f991621_pkey, public.supplier_accounts, public.suppliers
--   gate: no query names column public.suppliers.bic in two looks at pg_stat_statements, 24 h apart
--   cannot be undone: nothing follows the new values any more: the old ones are out of date
BEGIN;
DROP TRIGGER IF EXISTS "~pgrehearse_f773b5c7e12a" ON public.suppliers;
DROP TRIGGER IF EXISTS "~pgrehearse_ff0a9bb48eae" ON public.suppliers;
DROP TRIGGER IF EXISTS "~pgrehearse_d11edfa710ff" ON public.supplier_accounts;
DROP TRIGGER IF EXISTS "~pgrehearse_bb096531b094" ON public.supplier_accounts;
DROP FUNCTION IF EXISTS public._pgrehearse_f773b5c7e12a();
DROP FUNCTION IF EXISTS public._pgrehearse_bb096531b094();
DROP TABLE IF EXISTS public._pgrehearse_b1cd1f991621;
COMMIT;

-- contract-24: retire column public.suppliers.bic as _deprecated_bic [online]
--   locks: ACCESS EXCLUSIVE on public.suppliers
--   breaks-queries: queries that name column public.suppliers.bic fail from here on
--   gate: no query names column public.suppliers.bic in two looks at pg_stat_statements, 24 h apart
BEGIN;
DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.suppliers') AND attname = 'bic' AND NOT attisdropped) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.suppliers') AND attname = '_deprecated_bic' AND NOT attisdropped) THEN
    EXECUTE $sql$ALTER TABLE public.suppliers RENAME COLUMN bic TO _deprecated_bic$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-25: retire column public.suppliers.iban as _deprecated_iban [online]
--   locks: ACCESS EXCLUSIVE on public.suppliers
--   breaks-queries: queries that name column public.suppliers.iban fail from here on
--   gate: no query names column public.suppliers.iban in two looks at pg_stat_statements, 24 h apart
BEGIN;
DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.suppliers') AND attname = 'iban' AND NOT attisdropped) AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('public.suppliers') AND attname = '_deprecated_iban' AND NOT attisdropped) THEN
    EXECUTE $sql$ALTER TABLE public.suppliers RENAME COLUMN iban TO _deprecated_iban$sql$;
  END IF;
END
$do$;
COMMIT;

-- contract-26: drop table public.newsletter_signups [online]
--   locks: ACCESS EXCLUSIVE on public._deprecated_newsletter_signups, public.newsletter_signups_email_idx, public.newsletter_signups_id_seq, public.newsletter_signups_pkey
--   data-loss: every row of public.newsletter_signups is lost
--   irreversible: no rollback brings it back
--   gate: 7 days after contract-19
--   cannot be undone: the rows are gone
BEGIN;
DROP TABLE IF EXISTS public._deprecated_newsletter_signups;
COMMIT;

-- contract-27: drop column public.customers.fax [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   data-loss: the values of public.customers.fax are lost
--   irreversible: no rollback brings it back
--   gate: 7 days after contract-20
--   cannot be undone: the column's values are gone
BEGIN;
ALTER TABLE IF EXISTS public.customers DROP COLUMN IF EXISTS _deprecated_fax;
COMMIT;

-- contract-28: stop keeping the old full_name of public.customers alike [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   gate: 7 days after contract-22
--   cannot be undone: nothing follows the new values any more: the old ones are out of date
BEGIN;
ALTER TABLE public.customers ALTER COLUMN _deprecated_full_name DROP NOT NULL;
DROP TRIGGER IF EXISTS "~pgrehearse_31dabe6098df" ON public.customers;
DROP FUNCTION IF EXISTS public._pgrehearse_31dabe6098df();
COMMIT;

-- contract-29: drop column public.customers.full_name [online]
--   locks: ACCESS EXCLUSIVE on public.customers
--   irreversible: no rollback brings it back
--   cannot be undone: column public.customers.display_name has its values: nothing writes them back from there
BEGIN;
ALTER TABLE IF EXISTS public.customers DROP COLUMN IF EXISTS _deprecated_full_name;
COMMIT;

-- contract-30: drop column public.suppliers.bic [online]
--   locks: ACCESS EXCLUSIVE on public.suppliers
--   irreversible: no rollback brings it back
--   gate: 7 days after contract-24
--   cannot be undone: table public.supplier_accounts has its values: nothing writes them back from there
BEGIN;
ALTER TABLE IF EXISTS public.suppliers DROP COLUMN IF EXISTS _deprecated_bic;
COMMIT;

-- contract-31: drop column public.suppliers.iban [online]
--   locks: ACCESS EXCLUSIVE on public.suppliers
--   irreversible: no rollback brings it back
--   gate: 7 days after contract-25
--   cannot be undone: table public.supplier_accounts has its values: nothing writes them back from there
BEGIN;
ALTER TABLE IF EXISTS public.suppliers DROP COLUMN IF EXISTS _deprecated_iban;
COMMIT;
