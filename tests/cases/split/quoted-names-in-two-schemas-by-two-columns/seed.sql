INSERT INTO "App"."User" SELECT '00000000-0000-0000-0000-000000000001', g, 'bad "day"', array['a', g::text] FROM generate_series(1, 20) g;
