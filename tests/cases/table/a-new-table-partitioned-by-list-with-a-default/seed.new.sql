INSERT INTO regions VALUES ('de'), ('fr'), ('us'), ('jp');
INSERT INTO sales SELECT g, (ARRAY['de','fr','us','jp'])[1 + g % 4], g FROM generate_series(1, 20) g;
