CREATE TYPE "Traffic Light" AS ENUM ('Red', 'Green');
COMMENT ON TYPE "Traffic Light" IS 'two lamps';
CREATE TABLE crossings (id int PRIMARY KEY, light "Traffic Light", before "Traffic Light"[]);
