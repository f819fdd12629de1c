CREATE TABLE par (id int, v text);
CREATE TABLE ch (v text NOT NULL) INHERITS (par);
CREATE TABLE other () INHERITS (par);
