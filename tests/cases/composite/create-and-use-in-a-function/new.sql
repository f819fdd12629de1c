CREATE TYPE point3 AS (x numeric, y numeric, z numeric);
COMMENT ON TYPE point3 IS 'right-handed';
COMMENT ON COLUMN point3.z IS 'up';
CREATE TABLE shapes (id int PRIMARY KEY, origin point3);
CREATE FUNCTION norm1(p point3) RETURNS numeric LANGUAGE sql IMMUTABLE
    AS $$ SELECT abs(p.x) + abs(p.y) + abs(p.z) $$;
