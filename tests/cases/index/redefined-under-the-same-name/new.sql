CREATE TABLE t (id int PRIMARY KEY, a text, b int);
CREATE INDEX t_look ON t (a, b) WHERE b IS NOT NULL;
CREATE UNIQUE INDEX t_key ON t (b);
COMMENT ON INDEX t_look IS 'the list, sorted';
