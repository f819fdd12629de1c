CREATE TABLE hot (id int PRIMARY KEY, v int) WITH (fillfactor = 90, autovacuum_enabled = false);
CREATE TABLE cold (id int PRIMARY KEY, v text);
