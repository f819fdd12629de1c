CREATE TABLE orders (id integer PRIMARY KEY, place text NOT NULL, rank integer);

CREATE PUBLICATION listed FOR TABLE orders (id, place);
CREATE PUBLICATION filtered FOR TABLE orders WHERE (id > 5);
