CREATE TABLE par (id int, v text DEFAULT 'e');
CREATE TABLE ch (w int) INHERITS (par);
ALTER TABLE ch ALTER v SET DEFAULT 'd';
