INSERT INTO jobs SELECT g, 'queued' FROM generate_series(1, 9) g;
