CREATE TABLE rooms (name int4range NOT NULL, open daterange NOT NULL, PRIMARY KEY (name, open WITHOUT OVERLAPS));
CREATE TABLE talks (id int PRIMARY KEY, room int4range, during daterange, UNIQUE (room, during WITHOUT OVERLAPS), FOREIGN KEY (room, PERIOD during) REFERENCES rooms (name, PERIOD open));
