INSERT INTO u SELECT generate_series(1, 100);
INSERT INTO r SELECT generate_series(1, 50);
