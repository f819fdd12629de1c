CREATE TABLE events (n bigint NOT NULL, day int NOT NULL);
