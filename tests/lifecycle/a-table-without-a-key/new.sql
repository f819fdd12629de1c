CREATE TABLE log (n bigint, v bigint, note text);
