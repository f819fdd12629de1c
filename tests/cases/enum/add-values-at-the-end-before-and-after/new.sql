CREATE TYPE mood AS ENUM ('furious', 'sad', 'so-so', 'ok', 'it''s great');
CREATE TABLE people (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok');
