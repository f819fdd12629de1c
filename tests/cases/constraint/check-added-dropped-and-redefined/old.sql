CREATE TABLE t (id int PRIMARY KEY, n int, m int, s text, CHECK (m > 0), CONSTRAINT n_small CHECK (n < 100), CONSTRAINT s_short CHECK (length(s) < 50));
