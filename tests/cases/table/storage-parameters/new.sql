CREATE TABLE hot (id int PRIMARY KEY, v int) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE cold (id int PRIMARY KEY, v text) WITH (toast_tuple_target = 4096, toast.autovacuum_enabled = false);
