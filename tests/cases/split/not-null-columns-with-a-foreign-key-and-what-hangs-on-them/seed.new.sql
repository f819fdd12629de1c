WITH u AS (INSERT INTO users SELECT FROM generate_series(1, 20) RETURNING id) SELECT count(*) FROM u;
INSERT INTO profiles (owner, bio, score) SELECT id, 'b' || id, id FROM users;
