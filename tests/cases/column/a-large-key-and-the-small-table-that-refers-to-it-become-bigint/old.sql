CREATE TABLE big (id int PRIMARY KEY, note text);
CREATE TABLE little (id int PRIMARY KEY, big_id int REFERENCES big (id));
