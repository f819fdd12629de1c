INSERT INTO vehicles (id, wheels) SELECT g, 2 FROM generate_series(1, 5) g;
INSERT INTO cars (id, wheels, doors) SELECT g, 4, 5 FROM generate_series(6, 9) g;
INSERT INTO trucks (id, wheels, load) SELECT g, 6, 7.5 FROM generate_series(10, 12) g;
