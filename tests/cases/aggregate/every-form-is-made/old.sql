CREATE TABLE sales (id bigint PRIMARY KEY, region text, amount integer);
