CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text, km bigint);
CREATE STATISTICS place ON city, km FROM trips;
CREATE STATISTICS by_ten ON (km / 10) FROM trips;
