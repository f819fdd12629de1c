CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE things (id int PRIMARY KEY, kind kind NOT NULL DEFAULT 'a');
