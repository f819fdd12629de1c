CREATE TYPE "Mood of day" AS ENUM ('sad', 'happy');
CREATE TYPE old_mood AS ENUM ('sad', 'happy');
CREATE TYPE amount AS (n integer);
CREATE FUNCTION of_number(integer) RETURNS amount LANGUAGE sql IMMUTABLE AS 'SELECT row($1)::amount';
CREATE FUNCTION to_number(amount, integer, boolean) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ($1).n';
CREATE TABLE days (id bigint PRIMARY KEY, mood old_mood, n integer);
