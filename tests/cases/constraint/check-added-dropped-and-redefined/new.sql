CREATE TABLE t (id int PRIMARY KEY, n int CHECK (n > 0), m int, s text, CONSTRAINT n_small CHECK (n < 1000), CONSTRAINT s_short CHECK (char_length(s) <= 40 AND s !~ '\s$'));
COMMENT ON CONSTRAINT n_small ON t IS 'three digits';
