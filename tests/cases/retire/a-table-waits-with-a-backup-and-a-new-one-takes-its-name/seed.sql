INSERT INTO people (mood) SELECT 'good' FROM generate_series(1, 20);
INSERT INTO visits (person, at) SELECT id, '2026-01-01' FROM people;
