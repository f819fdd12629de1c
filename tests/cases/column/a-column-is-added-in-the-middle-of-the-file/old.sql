CREATE TABLE people (id int PRIMARY KEY, last_name text NOT NULL, email text);
CREATE VIEW people_list AS SELECT * FROM people;
