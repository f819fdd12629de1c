CREATE TABLE kept (id int PRIMARY KEY, other int);
CREATE TABLE "Kept two" (id int PRIMARY KEY, kept_id int);
