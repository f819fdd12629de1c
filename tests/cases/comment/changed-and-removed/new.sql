CREATE TABLE t (id int PRIMARY KEY, v int, w int);
CREATE INDEX t_v ON t (v);
CREATE VIEW tv AS SELECT v FROM t;
COMMENT ON TABLE t IS E'first line\n\tsecond line\\';
COMMENT ON COLUMN t.v IS 'zwei: „ä" — $$ -- /* ';
COMMENT ON VIEW tv IS 'FOUR';
