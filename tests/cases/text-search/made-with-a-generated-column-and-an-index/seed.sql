INSERT INTO docs SELECT g, 'The words of document ' || g FROM generate_series(1, 300) g;
