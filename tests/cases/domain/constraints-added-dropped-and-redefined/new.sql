CREATE DOMAIN percent AS numeric
    CONSTRAINT at_most_hundred CHECK (VALUE <= 100)
    CONSTRAINT sane CHECK (VALUE < 10000);
CREATE TABLE rates (id int PRIMARY KEY, rate percent);
