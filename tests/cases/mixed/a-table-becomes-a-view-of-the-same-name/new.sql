CREATE TABLE source (id int PRIMARY KEY, v int);
CREATE VIEW report AS SELECT id, v FROM source WHERE v > 5;
