CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE PUBLICATION p FOR TABLE orders (id, place) WHERE (id > 10);
CREATE PUBLICATION q FOR TABLE orders;
CREATE PUBLICATION inserts FOR TABLE orders WHERE (place IN ('a', 'b') AND rank IS NOT NULL) WITH (publish = 'insert');
