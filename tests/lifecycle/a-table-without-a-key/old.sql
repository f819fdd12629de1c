CREATE TABLE log (n bigint, v int, note text);
