CREATE TABLE t (id int PRIMARY KEY, tags text[] NOT NULL DEFAULT '{}',
    m bigint[]);
CREATE INDEX t_tags ON t USING gin (tags);
