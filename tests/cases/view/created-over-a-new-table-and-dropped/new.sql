CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t);
CREATE VIEW joined AS SELECT t.id, t.v, count(u.id) AS us FROM t LEFT JOIN u ON u.t_id = t.id GROUP BY t.id;
