INSERT INTO t (id, net, title) SELECT g, g, 'a title' FROM generate_series(1, 20) g;
