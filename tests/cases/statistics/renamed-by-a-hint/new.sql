CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text, km integer);
-- pgrehearse: renamed from place
CREATE STATISTICS "Place Of" ON city, km FROM trips;
