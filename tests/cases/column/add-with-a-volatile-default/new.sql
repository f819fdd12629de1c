CREATE TABLE t (id int PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE, seen timestamptz DEFAULT clock_timestamp());
CREATE TABLE parts (id int NOT NULL, at date NOT NULL, luck double precision NOT NULL DEFAULT random()) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
