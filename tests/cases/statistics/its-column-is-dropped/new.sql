CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text);
CREATE STATISTICS other ON city, "Zip Code" FROM trips;
