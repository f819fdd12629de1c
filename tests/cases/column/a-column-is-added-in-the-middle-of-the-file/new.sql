CREATE TABLE people (id int PRIMARY KEY, first_name text, last_name text NOT NULL, born date, email text);
CREATE VIEW people_list AS SELECT id, first_name, last_name, email FROM people;
