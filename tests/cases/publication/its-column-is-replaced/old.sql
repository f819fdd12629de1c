CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE PUBLICATION listed FOR TABLE orders (id, rank);
CREATE PUBLICATION filtered FOR TABLE orders WHERE (rank > 5) WITH (publish = 'insert');
CREATE PUBLICATION whole FOR TABLE orders;
