CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (id int NOT NULL, customer int REFERENCES customers) PARTITION BY RANGE (id);
CREATE TABLE orders_0 (id int NOT NULL, customer int);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (100) TO (200);
