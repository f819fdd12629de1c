INSERT INTO prices SELECT g, (g, 'EUR')::money_of FROM generate_series(1, 200) g;
