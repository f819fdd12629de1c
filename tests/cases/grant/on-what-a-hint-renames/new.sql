-- pgrehearse: renamed from notes
CREATE TABLE papers (id bigint PRIMARY KEY,
    -- pgrehearse: renamed from title
    head text, body text);
-- pgrehearse: renamed from f
CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1';
GRANT SELECT, DELETE ON papers TO grant_one;
GRANT UPDATE (head, body) ON papers TO grant_one;
GRANT EXECUTE ON FUNCTION g() TO grant_one;
