INSERT INTO t SELECT g, '{a,b}', '{"a": 1}', int4range(g, g + 1), now(), 'k' || g, point(g, g) FROM generate_series(1, 30) g;
