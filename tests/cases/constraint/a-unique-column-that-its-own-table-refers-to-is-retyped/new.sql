CREATE TABLE n (id int PRIMARY KEY, code varchar(30) UNIQUE, parent varchar(30) REFERENCES n (code)); CREATE TABLE m (c varchar(30) REFERENCES n (code));
