CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, n bigint, m integer,
                    s integer GENERATED ALWAYS AS (m + 1) STORED, k serial);
CREATE VIEW titles AS SELECT title, id FROM notes;
CREATE MATERIALIZED VIEW counts AS SELECT title, count(*) AS c, max(m) AS m FROM notes GROUP BY title;
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT '1'$$;
CREATE TYPE pair AS RANGE (SUBTYPE = bigint);
GRANT USAGE, CREATE ON SCHEMA public TO anew_one;
