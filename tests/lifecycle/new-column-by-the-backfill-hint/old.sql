CREATE TABLE users (n bigint PRIMARY KEY, email text NOT NULL, note text);
