CREATE TABLE vehicles (id int NOT NULL, wheels int);
CREATE TABLE cars (doors int) INHERITS (vehicles);
CREATE TABLE trucks (load numeric) INHERITS (vehicles);
