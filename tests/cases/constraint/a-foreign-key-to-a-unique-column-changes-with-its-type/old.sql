CREATE TABLE a (id int PRIMARY KEY, code text UNIQUE); CREATE TABLE b (c text REFERENCES a (code));
