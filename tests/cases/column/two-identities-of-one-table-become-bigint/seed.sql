INSERT INTO t (v) SELECT 'v' FROM generate_series(1, 20) g;
INSERT INTO u (t) SELECT g FROM generate_series(1, 20) g;
SELECT setval('t_id_seq', 100), setval('t_n_seq', 200), setval('u_id_seq', 300);
