CREATE TABLE a (id serial PRIMARY KEY, n smallserial);
