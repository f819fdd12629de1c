CREATE TABLE bookings (
    id int PRIMARY KEY,
    span int4range NOT NULL,
    room int4range,
    CONSTRAINT no_overlap EXCLUDE USING gist (span WITH &&) WHERE (NOT isempty(span)),
    CONSTRAINT one_room EXCLUDE USING gist (room WITH =, span WITH &&) DEFERRABLE INITIALLY DEFERRED
);
