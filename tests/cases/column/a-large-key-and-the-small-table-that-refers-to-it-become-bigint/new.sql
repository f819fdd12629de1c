CREATE TABLE big (id bigint PRIMARY KEY, note text);
CREATE TABLE little (id bigint PRIMARY KEY, big_id bigint REFERENCES big (id));
