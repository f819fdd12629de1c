INSERT INTO ledger SELECT g, ROW(g, 'EUR') FROM generate_series(1, 7) g;
