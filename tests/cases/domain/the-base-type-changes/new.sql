CREATE DOMAIN short_text AS varchar(40);
CREATE TABLE labels (id int PRIMARY KEY, label short_text);
CREATE VIEW label_list AS SELECT label FROM labels;
