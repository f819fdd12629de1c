INSERT INTO veh SELECT i FROM generate_series(1, 20) i;
INSERT INTO car SELECT i FROM generate_series(1, 20) i;
