INSERT INTO nodes (id, parent_id) SELECT g, nullif(g / 2, 0) FROM generate_series(1, 20) g;
INSERT INTO teams SELECT g, g FROM generate_series(1, 5) g;
UPDATE nodes SET team_id = 1 + id % 5;
