INSERT INTO t (v) SELECT 'V' FROM generate_series(1, 20) g;
SELECT setval('t_id_seq', 100), setval('t_n_seq', 200);
