CREATE TABLE t (id int, a text, b int[], PRIMARY KEY (id) WITH (fillfactor = 75));
CREATE INDEX t_a ON t (a) WITH (fillfactor = 60, deduplicate_items = off);
CREATE INDEX t_b ON t USING gin (b);
