CREATE TABLE t (id int PRIMARY KEY, flag text NOT NULL DEFAULT 'no', ratio numeric(5,3) DEFAULT 0.125);
