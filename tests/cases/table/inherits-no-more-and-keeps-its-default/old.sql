CREATE TABLE par (id int, v text);
CREATE TABLE ch (id int, v text, w int) INHERITS (par);
ALTER TABLE ch ALTER v SET DEFAULT 'c';
