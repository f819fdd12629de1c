CREATE DOMAIN percent AS numeric
    CONSTRAINT at_least_zero CHECK (VALUE >= 0)
    CONSTRAINT sane CHECK (VALUE < 1000);
CREATE TABLE rates (id int PRIMARY KEY, rate percent);
