INSERT INTO notes (title, n, m) SELECT 't', 1, 2 FROM generate_series(1, 300);
ALTER TABLE notes OWNER TO anew_one;
ALTER VIEW titles OWNER TO anew_one;
ALTER MATERIALIZED VIEW counts OWNER TO anew_one;
ALTER FUNCTION f() OWNER TO anew_one;
ALTER TYPE pair OWNER TO anew_one;
