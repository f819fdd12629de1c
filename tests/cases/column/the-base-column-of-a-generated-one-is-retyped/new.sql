CREATE TABLE t (id int PRIMARY KEY, first varchar(80), last varchar(20), full_name text GENERATED ALWAYS AS (coalesce(first, '') || ' ' || coalesce(last, '')) STORED);
