INSERT INTO t SELECT g, app_span(g, g + 1), '[1,2)' FROM generate_series(1, 50) g;
