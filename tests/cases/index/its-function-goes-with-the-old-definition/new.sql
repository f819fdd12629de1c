CREATE FUNCTION longer(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT left($1, 5) $$;
CREATE COLLATION swiss (provider = icu, locale = 'de-CH');
CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE INDEX t_a ON t (longer(a));
CREATE INDEX t_b ON t (b COLLATE swiss);
CREATE INDEX t_c ON t (a, b);
CREATE TABLE p (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE INDEX p_a ON p (longer(a));
