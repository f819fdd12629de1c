CREATE DOMAIN pos AS bigint CHECK (VALUE > 0);
CREATE DOMAIN small_pos AS pos DEFAULT 1 CHECK (VALUE < 1000);
CREATE TABLE d (id pos PRIMARY KEY, s small_pos DEFAULT 3, many small_pos[] CHECK (array_length(many, 1) < 5));
CREATE VIEW v AS SELECT id, s + 1 AS next FROM d;
CREATE INDEX d_s ON d (s);
