CREATE TYPE iv AS (a int);
CREATE TABLE q (i iv);
CREATE VIEW qv AS SELECT (i).a FROM q;
CREATE INDEX qi ON q (((i).a));
