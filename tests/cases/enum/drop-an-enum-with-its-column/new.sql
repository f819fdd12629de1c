CREATE TABLE shirts (id int PRIMARY KEY, color text);
