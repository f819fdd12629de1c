CREATE TABLE plain (id int PRIMARY KEY);
CREATE TABLE boxes (w int NOT NULL, h int NOT NULL, area int GENERATED ALWAYS AS (w * h) STORED NOT NULL);
CREATE INDEX boxes_area ON boxes (area);
