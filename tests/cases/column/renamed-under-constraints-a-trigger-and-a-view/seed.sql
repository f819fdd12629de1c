INSERT INTO accounts VALUES (1), (2);
INSERT INTO entries SELECT g, 1 + g % 2, g FROM generate_series(1, 20) g;
