CREATE SEQUENCE tiny AS smallint;
CREATE SEQUENCE normal AS integer MAXVALUE 5000;
CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('tiny'));
