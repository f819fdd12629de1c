CREATE TABLE inv (id bigint PRIMARY KEY, net int);
CREATE TABLE arch (i inv, at timestamptz);
