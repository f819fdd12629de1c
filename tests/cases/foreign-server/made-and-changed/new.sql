CREATE EXTENSION postgres_fdw;

CREATE SERVER stays TYPE 'old' VERSION '2' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'other', "Odd name" 'a=b''c', port '5433');
COMMENT ON SERVER stays IS 'two';
CREATE SERVER versioned FOREIGN DATA WRAPPER postgres_fdw;
CREATE SERVER "New ""Server""/ä" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host E'back\\slash');
