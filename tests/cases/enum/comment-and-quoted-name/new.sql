CREATE TYPE "Traffic Light" AS ENUM ('Red', 'Green');
COMMENT ON TYPE "Traffic Light" IS 'two lamps; no yellow';
CREATE TABLE crossings (id int PRIMARY KEY, light "Traffic Light" DEFAULT 'Red', before "Traffic Light"[] DEFAULT '{Red,Green}');
