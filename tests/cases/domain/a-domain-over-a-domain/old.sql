CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE orders (id int PRIMARY KEY, amount positive);
