CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (id int NOT NULL, customer int) PARTITION BY RANGE (id);
CREATE TABLE orders_0 (id int NOT NULL, customer int);
ALTER TABLE orders ATTACH PARTITION orders_0 FOR VALUES FROM (0) TO (100);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (100) TO (200);
