CREATE TABLE kind (id bigint PRIMARY KEY, note text);
CREATE TABLE big (id bigint PRIMARY KEY, kind_id bigint REFERENCES kind (id));
