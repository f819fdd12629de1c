CREATE TABLE cache (key text PRIMARY KEY, value jsonb, hits bigint GENERATED ALWAYS AS IDENTITY);
CREATE UNLOGGED TABLE scratch (id int);
