-- pgrehearse: renamed from a
CREATE TABLE b (id int PRIMARY KEY, x int);
CREATE VIEW a AS SELECT id, x FROM b;
CREATE VIEW c AS SELECT id FROM a;
