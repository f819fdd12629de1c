CREATE TABLE t (id int PRIMARY KEY, tags text[], doc jsonb, span int4range, at timestamptz, key text, p point);
CREATE INDEX t_tags ON t USING gin (tags) WITH (fastupdate = off);
CREATE INDEX t_doc ON t USING gin (doc jsonb_path_ops);
CREATE INDEX t_span ON t USING gist (span);
CREATE INDEX t_at ON t USING brin (at timestamptz_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX t_key ON t USING hash (key);
CREATE INDEX t_p ON t USING spgist (p);
CREATE INDEX t_words ON t USING gin (to_tsvector('english', key));
