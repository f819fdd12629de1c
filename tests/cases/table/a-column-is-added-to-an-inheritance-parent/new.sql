CREATE TABLE vehicles (id int NOT NULL, wheels int, color text DEFAULT 'grey', CONSTRAINT wheels_are_few CHECK (wheels < 40));
CREATE TABLE cars (doors int) INHERITS (vehicles);
CREATE TABLE trucks (load numeric) INHERITS (vehicles);
