INSERT INTO h_1 SELECT i, 'v' FROM generate_series(1, 100) i WHERE satisfies_hash_partition('h'::regclass, 2, 1, i);
INSERT INTO h_0 SELECT i, 'v' FROM generate_series(1, 100) i WHERE satisfies_hash_partition('h'::regclass, 2, 0, i);
