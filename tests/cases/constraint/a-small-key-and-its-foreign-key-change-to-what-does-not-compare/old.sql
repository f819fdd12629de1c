CREATE TABLE a (
-- pgrehearse: convert using (id::text) reverse (id::uuid)
id text PRIMARY KEY);
CREATE TABLE b (
-- pgrehearse: convert using (a_id::text) reverse (a_id::uuid)
a_id text REFERENCES a);
