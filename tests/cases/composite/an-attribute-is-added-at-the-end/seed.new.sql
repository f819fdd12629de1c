INSERT INTO ledger SELECT g, ROW(g, 'EUR', true) FROM generate_series(1, 7) g;
