CREATE TABLE t (id int PRIMARY KEY, a text, b int, c text);
CREATE INDEX t_1 ON t (a text_pattern_ops);
CREATE INDEX t_2 ON t (b DESC NULLS LAST, a COLLATE "C" ASC NULLS FIRST);
CREATE INDEX t_3 ON t (c) INCLUDE (b, a);
