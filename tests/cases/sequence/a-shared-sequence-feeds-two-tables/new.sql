CREATE SEQUENCE animal_id START 1000;
CREATE TABLE cats (id bigint PRIMARY KEY DEFAULT nextval('animal_id'), name text);
CREATE TABLE dogs (id bigint PRIMARY KEY DEFAULT nextval('animal_id'), name text);
