CREATE TABLE a (id serial PRIMARY KEY, n text NOT NULL);
