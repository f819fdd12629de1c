CREATE TABLE orders (n bigint PRIMARY KEY, total bigint NOT NULL DEFAULT 7 CHECK (total >= 0), note text);
CREATE INDEX orders_total ON orders (total);
CREATE VIEW big_orders AS SELECT n, total FROM orders WHERE total > 500;
