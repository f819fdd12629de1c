CREATE TABLE par (id int, v text);
CREATE TABLE ch (id int, v text DEFAULT 'c', w int);
