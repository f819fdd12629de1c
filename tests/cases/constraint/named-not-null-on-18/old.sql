CREATE TABLE t (id int PRIMARY KEY, a text, b text CONSTRAINT b_must NOT NULL, c text NOT NULL, d text CONSTRAINT d_must NOT NULL NO INHERIT);
