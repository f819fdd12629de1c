CREATE TYPE unit AS ENUM ('cm', 'inch');
CREATE TYPE measure AS (value numeric, unit unit);
CREATE FUNCTION to_cm(m measure) RETURNS numeric LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE m.unit WHEN 'inch' THEN m.value * 2.54 ELSE m.value END $$;
CREATE TABLE t (id int PRIMARY KEY, len measure);
CREATE VIEW lengths AS SELECT id, to_cm(len) AS cm FROM t;
CREATE VIEW longest AS SELECT max(cm) AS cm FROM lengths;
