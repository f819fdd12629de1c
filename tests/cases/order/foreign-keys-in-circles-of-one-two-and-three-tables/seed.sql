INSERT INTO kept (id) SELECT g FROM generate_series(1, 20) g;
INSERT INTO "Kept two" (id, kept_id) SELECT g, g FROM generate_series(1, 20) g;
UPDATE kept SET other = id;
