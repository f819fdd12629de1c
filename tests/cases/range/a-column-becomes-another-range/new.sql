CREATE TABLE a (id int,
-- pgrehearse: convert using (int8range(lower(r), upper(r))) reverse (int4range(lower(r)::int, upper(r)::int))
r int8range);
