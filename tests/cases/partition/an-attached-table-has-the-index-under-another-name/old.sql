CREATE TABLE q (id int, s text) PARTITION BY LIST (s);
CREATE TABLE q_new (id int, s text);
CREATE INDEX qi ON q (id);
CREATE INDEX qni ON q_new (id);
