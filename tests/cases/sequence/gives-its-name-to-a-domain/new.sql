CREATE DOMAIN stray AS int; CREATE TABLE t (a int);
