CREATE TABLE cats (id bigint PRIMARY KEY, name text);
CREATE TABLE dogs (id bigint PRIMARY KEY, name text);
