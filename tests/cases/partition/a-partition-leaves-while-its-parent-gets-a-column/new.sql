CREATE TABLE q (id int, s text, m int) PARTITION BY LIST (s);
CREATE TABLE q_a (id int, s text);
