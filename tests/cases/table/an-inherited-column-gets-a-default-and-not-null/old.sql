CREATE TABLE par (id int, v text);
CREATE TABLE ch (w int) INHERITS (par);
