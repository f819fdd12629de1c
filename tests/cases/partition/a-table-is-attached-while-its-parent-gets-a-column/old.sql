CREATE TABLE q (id int, s text) PARTITION BY LIST (s);
CREATE TABLE q_new (id int, s text);
