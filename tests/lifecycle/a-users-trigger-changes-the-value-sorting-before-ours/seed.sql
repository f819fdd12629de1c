INSERT INTO users SELECT g, 'User' || g || '@Example.com' FROM generate_series(1, 1500) g;
