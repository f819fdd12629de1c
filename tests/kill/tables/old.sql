CREATE TABLE users (n bigint PRIMARY KEY, name text, bio text NOT NULL DEFAULT '', site text);
CREATE TABLE shelves (n int PRIMARY KEY, name text NOT NULL DEFAULT 'nameless');
CREATE TABLE visits (n bigint NOT NULL, day int NOT NULL, note text NOT NULL DEFAULT 'none', PRIMARY KEY (n, day));
CREATE INDEX visits_day ON visits (day);
CREATE VIEW late AS SELECT n, note FROM visits WHERE day > 50;
