CREATE TABLE users (n bigint PRIMARY KEY, name text);
-- pgrehearse: split from users (bio, site) on profiles.user_n = users.n
CREATE TABLE profiles (
    user_n bigint PRIMARY KEY REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE,
    bio text NOT NULL DEFAULT '',
    site text
);
-- pgrehearse: renamed from shelves
CREATE TABLE racks (n int CONSTRAINT shelves_pkey PRIMARY KEY, name text NOT NULL DEFAULT 'nameless');
CREATE TABLE visits (n bigint NOT NULL, day int NOT NULL, note text NOT NULL DEFAULT 'none', PRIMARY KEY (n, day))
    PARTITION BY RANGE (day);
CREATE TABLE visits_early PARTITION OF visits FOR VALUES FROM (0) TO (30);
CREATE TABLE visits_rest PARTITION OF visits DEFAULT;
CREATE INDEX visits_day ON visits (day);
CREATE VIEW late AS SELECT n, note FROM visits WHERE day > 50;
