CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT 1, c text DEFAULT 'x', d date DEFAULT '2020-01-01', e text DEFAULT NULL);
