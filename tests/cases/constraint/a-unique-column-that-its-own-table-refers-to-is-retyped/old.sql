CREATE TABLE n (id int PRIMARY KEY, code text UNIQUE, parent text REFERENCES n (code)); CREATE TABLE m (c text REFERENCES n (code));
