CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE PROCEDURE bump(n int) LANGUAGE sql AS 'UPDATE t SET v = v + n';
CREATE FUNCTION was_function() RETURNS void LANGUAGE sql AS '';
