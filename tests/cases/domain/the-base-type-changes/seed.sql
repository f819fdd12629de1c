INSERT INTO labels SELECT g, 'label ' || g FROM generate_series(1, 7) g;
