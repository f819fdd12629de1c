CREATE EXTENSION btree_gist;
CREATE TABLE room (id bigint, during tsrange, CONSTRAINT room_pk PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE stay (id int PRIMARY KEY, room_id bigint, during tsrange, CONSTRAINT stay_room FOREIGN KEY (room_id, PERIOD during) REFERENCES room (id, PERIOD during));
