INSERT INTO u SELECT g, 'b', '{a}' FROM generate_series(1, 30) g;
