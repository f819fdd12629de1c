INSERT INTO core.units VALUES ('m', 1), ('km', 1000);
INSERT INTO readings SELECT g, CASE WHEN g % 2 = 0 THEN 'm' ELSE 'km' END, g FROM generate_series(1, 10) g;
