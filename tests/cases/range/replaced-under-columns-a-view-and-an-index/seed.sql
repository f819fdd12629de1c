INSERT INTO words SELECT g, span('a', 'b' || g), ARRAY[span('c', 'd')], '{[a,b), [c,d]}' FROM generate_series(1, 200) g;
