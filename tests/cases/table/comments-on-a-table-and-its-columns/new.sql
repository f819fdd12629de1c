CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text);
COMMENT ON TABLE t IS 'new words, with ''quotes'', a \ backslash
and a second line';
COMMENT ON COLUMN t.a IS 'stays';
COMMENT ON COLUMN t.c IS 'comes: äöü ✓';
