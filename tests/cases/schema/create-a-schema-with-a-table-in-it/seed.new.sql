INSERT INTO accounts SELECT g, 'account ' || g FROM generate_series(1, 12) g;
INSERT INTO billing.invoices (account_id, total) SELECT g, g * 10 FROM generate_series(1, 12) g;
