CREATE FUNCTION cur() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant', true), '')::bigint $$;
CREATE TABLE t (id int PRIMARY KEY, tenant_id bigint NOT NULL DEFAULT cur());
