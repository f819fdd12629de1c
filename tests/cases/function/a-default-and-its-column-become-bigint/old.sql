CREATE FUNCTION cur() RETURNS integer LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant', true), '')::integer $$;
CREATE TABLE t (id int PRIMARY KEY, tenant_id integer NOT NULL DEFAULT cur());
