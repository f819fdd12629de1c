CREATE TABLE kind (id int PRIMARY KEY, note text);
CREATE TABLE big (id int PRIMARY KEY, kind_id int REFERENCES kind (id));
