CREATE FUNCTION short(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT left($1, 3) $$;
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE TABLE t (id int PRIMARY KEY, a text, b text, gone text);
CREATE INDEX t_a ON t (short(a));
CREATE INDEX t_b ON t (b COLLATE german);
CREATE INDEX t_c ON t (a, gone);
CREATE TABLE p (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE INDEX p_a ON p (short(a));
