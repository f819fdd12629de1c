CREATE TABLE t (id int PRIMARY KEY, a text, b int, c timestamptz, j jsonb);
CREATE INDEX t_a ON t (a);
CREATE UNIQUE INDEX t_b ON t (b);
CREATE INDEX t_part ON t (c) WHERE b > 10 AND a IS NOT NULL;
CREATE INDEX t_expr ON t (lower(a), (b % 10), (j ->> 'name'));
CREATE INDEX ON t (b, a);
COMMENT ON INDEX t_a IS 'for the list';
