CREATE TYPE unit AS ENUM ('cm', 'inch');
CREATE DOMAIN factor AS numeric CHECK (VALUE > 0);
CREATE TYPE measure AS (value numeric, unit unit, by factor);
CREATE TABLE t (id int PRIMARY KEY, len measure);
-- The text of a body says nothing of what it needs.
CREATE FUNCTION of_text(m measure) RETURNS numeric LANGUAGE sql IMMUTABLE
    AS $$ SELECT (m).value * (m).by $$;
CREATE FUNCTION reads_the_view() RETURNS bigint LANGUAGE plpgsql
    AS $$ BEGIN RETURN (SELECT count(*) FROM top); END $$;
CREATE VIEW low AS SELECT id, of_text(len) AS cm, (len).unit FROM t;
CREATE FUNCTION of_rows(l low) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT l.cm $$;
CREATE VIEW middle AS SELECT low.id, of_rows(low) AS cm, low.unit FROM low;
CREATE VIEW top AS SELECT max(m.cm) AS cm, l.unit FROM middle m JOIN low l USING (id) GROUP BY l.unit;
CREATE FUNCTION more() RETURNS SETOF top LANGUAGE sql STABLE AS $$ SELECT * FROM top $$;
CREATE VIEW last AS SELECT x.unit FROM more() x;
COMMENT ON VIEW last IS 'a view on a function on a view on views on a function on a view on a function on types';
COMMENT ON COLUMN middle.cm IS 'centimetres';
