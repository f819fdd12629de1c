CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value jsonb, hits bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE scratch (id int);
