CREATE TABLE people (n bigint PRIMARY KEY, age int NOT NULL DEFAULT 1, mail text, note text);
