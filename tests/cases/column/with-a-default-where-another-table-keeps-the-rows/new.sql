CREATE TABLE inv (id bigint PRIMARY KEY, net int, cur text NOT NULL DEFAULT 'EUR', x int DEFAULT 3);
CREATE TABLE arch (i inv, at timestamptz);
