CREATE TABLE cities (name text NOT NULL, people int DEFAULT 0, CHECK (people >= 0));
