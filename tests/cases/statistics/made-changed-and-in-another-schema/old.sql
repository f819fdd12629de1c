CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text, km integer);
CREATE STATISTICS place ON city, "Zip Code" FROM trips;
CREATE STATISTICS target_ (dependencies) ON city, km FROM trips;
