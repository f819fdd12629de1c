CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE PUBLICATION p FOR TABLE orders (rank, id) WHERE (id > 20 OR id < 3);
CREATE PUBLICATION q FOR TABLE orders (id) WHERE (id < 0);
CREATE PUBLICATION inserts FOR TABLE orders (id, place, rank) WITH (publish = 'insert');
