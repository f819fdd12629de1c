CREATE TABLE par (id int, v text, u int DEFAULT 1);
CREATE TABLE ch (id int, v text, u int DEFAULT 1, w int);
