CREATE TABLE rooms (name int4range NOT NULL, open daterange NOT NULL);
CREATE TABLE talks (id int PRIMARY KEY, room int4range, during daterange);
