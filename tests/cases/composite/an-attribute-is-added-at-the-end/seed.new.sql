INSERT INTO ledger SELECT g, ROW(g, 'EUR', true)::money_amount FROM generate_series(1, 7) g;
