CREATE TABLE t (id int PRIMARY KEY, code varchar(40) CHECK (code <> ''), state varchar(40));
CREATE INDEX t_lower ON t (lower(code));
CREATE INDEX t_open ON t (id) WHERE state = 'open';
CREATE UNIQUE INDEX t_code ON t (code);
CREATE VIEW open_codes AS SELECT id, code FROM t WHERE state = 'open';
