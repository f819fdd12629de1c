-- pgrehearse: renamed from mood
CREATE TYPE feeling AS ENUM ('sad', 'happy');
CREATE TYPE moods AS RANGE (SUBTYPE = feeling);
CREATE FUNCTION level(feeling) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)';
CREATE FUNCTION better(feeling, feeling) RETURNS feeling LANGUAGE sql IMMUTABLE AS 'SELECT greatest($1, $2)';
CREATE CAST (feeling AS integer) WITH FUNCTION level(feeling);
CREATE OPERATOR |+| (FUNCTION = better, LEFTARG = feeling, RIGHTARG = feeling);
CREATE AGGREGATE best(feeling) (SFUNC = better, STYPE = feeling);
COMMENT ON CAST (feeling AS integer) IS 'level';
COMMENT ON OPERATOR |+| (feeling, feeling) IS 'the better one';
COMMENT ON AGGREGATE best(feeling) IS 'the best one';
CREATE TABLE days (id bigint PRIMARY KEY, mood feeling NOT NULL, span moods);
CREATE VIEW levels AS SELECT best(mood) AS best, sum(mood::integer) AS sum FROM days;
