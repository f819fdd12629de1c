CREATE FUNCTION seconds(a time, b time) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT AS 'SELECT extract(epoch FROM a - b)::double precision';
CREATE TYPE "Opening times" AS RANGE (
    SUBTYPE = time,
    SUBTYPE_DIFF = seconds,
    MULTIRANGE_TYPE_NAME = "Opening times of the week, which has a name of sixty-three byte"
);
COMMENT ON TYPE "Opening times" IS 'from, to';
CREATE TABLE bookings (
    id bigint PRIMARY KEY,
    note text,
    at "Opening times" DEFAULT "Opening times"('08:00', '17:00'),
    weekly "Opening times of the week, which has a name of sixty-three byte"
);
CREATE INDEX bookings_at ON bookings USING gist (at);
