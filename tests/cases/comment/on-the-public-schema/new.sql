CREATE TABLE t (id int PRIMARY KEY);
COMMENT ON SCHEMA public IS 'our schema';
