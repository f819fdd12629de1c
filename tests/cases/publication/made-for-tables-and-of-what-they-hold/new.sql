CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE "Odd ""Ones"" ä" (id int PRIMARY KEY, parent int);
CREATE TABLE base (id int PRIMARY KEY);
CREATE TABLE heir () INHERITS (base);
CREATE PUBLICATION nothing_yet;
CREATE PUBLICATION "Every ""thing""/%" FOR TABLE orders, "Odd ""Ones"" ä" WITH (publish = 'insert, truncate', publish_via_partition_root = true);
CREATE PUBLICATION inserts FOR TABLE ONLY base, orders WITH (publish = 'insert');
CREATE PUBLICATION silent FOR TABLE heir WITH (publish = '');
COMMENT ON PUBLICATION silent IS 'says ''nothing''';
