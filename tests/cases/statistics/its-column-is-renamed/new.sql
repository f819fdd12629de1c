CREATE TABLE trips (id bigint PRIMARY KEY, city text, "Zip Code" text,
    -- pgrehearse: renamed from km
    "Kilo Meters" integer);
CREATE STATISTICS place ON city, "Kilo Meters" FROM trips;
