CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL);
CREATE PUBLICATION listed FOR TABLE orders (id);
CREATE PUBLICATION filtered FOR TABLE orders WHERE (id > 5) WITH (publish = 'insert');
