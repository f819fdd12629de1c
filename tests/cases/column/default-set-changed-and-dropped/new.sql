CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5, b int DEFAULT -1, c text, d date DEFAULT CURRENT_DATE, e text DEFAULT '');
