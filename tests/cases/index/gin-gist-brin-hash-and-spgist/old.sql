CREATE TABLE t (id int PRIMARY KEY, tags text[], doc jsonb, span int4range, at timestamptz, key text, p point);
