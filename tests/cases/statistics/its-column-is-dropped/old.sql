CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text, km integer);
CREATE STATISTICS place ON city, km FROM trips;
CREATE STATISTICS other ON city, "Zip Code", km FROM trips;
