INSERT INTO "Sales of the whole company, by region, with a name near 63 bt"
SELECT i, r, i FROM generate_series(1, 20) i, unnest(ARRAY['it''s', NULL, 'elsewhere']) r;
