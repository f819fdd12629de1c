INSERT INTO app.notes SELECT generate_series(1, 300); INSERT INTO app.bills SELECT n, date '2026-01-01' + n FROM generate_series(1, 300) n;
