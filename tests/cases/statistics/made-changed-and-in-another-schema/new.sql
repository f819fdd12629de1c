CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text, km integer);
CREATE SCHEMA "Stats";
CREATE STATISTICS place (mcv, ndistinct) ON city, "Zip Code" FROM trips;
ALTER STATISTICS place SET STATISTICS 200;
CREATE STATISTICS target_ (dependencies) ON city, km FROM trips;
ALTER STATISTICS target_ SET STATISTICS 0;
CREATE STATISTICS "Stats"."lower city" ON lower(city), (km / 10) FROM trips;
CREATE STATISTICS "Stats".one ON (km % 7) FROM trips;
COMMENT ON STATISTICS place IS 'where';
