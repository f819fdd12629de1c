CREATE TABLE a (id int,
-- pgrehearse: convert using (int4range(lower(r)::int, upper(r)::int)) reverse (int8range(lower(r), upper(r)))
r int4range);
