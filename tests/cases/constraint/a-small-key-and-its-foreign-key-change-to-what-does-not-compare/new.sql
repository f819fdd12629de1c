CREATE TABLE a (
-- pgrehearse: convert using (id::uuid) reverse (id::text)
id uuid PRIMARY KEY DEFAULT gen_random_uuid());
CREATE TABLE b (
-- pgrehearse: convert using (a_id::uuid) reverse (a_id::text)
a_id uuid REFERENCES a);
