CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text);
COMMENT ON TABLE t IS 'old words';
COMMENT ON COLUMN t.a IS 'stays';
COMMENT ON COLUMN t.b IS 'goes';
