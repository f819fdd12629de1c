INSERT INTO things SELECT g, g::text::amount, ARRAY['1'::amount, '2'], '5' FROM generate_series(1, 200) g;
