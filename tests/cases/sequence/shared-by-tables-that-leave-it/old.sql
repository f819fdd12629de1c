CREATE SEQUENCE shared;
CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('shared'));
CREATE TABLE b (id int PRIMARY KEY DEFAULT nextval('shared'), c serial);
