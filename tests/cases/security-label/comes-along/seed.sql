INSERT INTO t (id, mail, state, born) SELECT g, 'm' || g, 'new', '2020-01-01' FROM generate_series(1, 500) g;
