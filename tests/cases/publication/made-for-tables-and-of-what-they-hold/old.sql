CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE "Odd ""Ones"" ä" (id int PRIMARY KEY, parent int);
