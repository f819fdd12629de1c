CREATE TYPE emp_t AS (id int, dept text, level int);
CREATE TABLE emp OF emp_t (PRIMARY KEY (id));
CREATE TABLE managers (team text) INHERITS (emp);
CREATE INDEX emp_level ON emp (level);
CREATE VIEW levels AS SELECT id, level FROM emp;
CREATE TYPE pair AS (a int, b int);
CREATE TABLE pairs OF pair;
