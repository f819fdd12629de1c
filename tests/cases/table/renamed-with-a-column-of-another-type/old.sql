CREATE TABLE orders (id int PRIMARY KEY, paid boolean NOT NULL, note text, size int);
