CREATE EXTENSION postgres_fdw;

CREATE SERVER stays TYPE 'old' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', "Odd name" 'a=b''c', gone '1');
COMMENT ON SERVER stays IS 'one';
CREATE SERVER versioned VERSION '3' FOREIGN DATA WRAPPER postgres_fdw;
