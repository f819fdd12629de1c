INSERT INTO "App"."User" SELECT '00000000-0000-0000-0000-000000000001', g FROM generate_series(1, 20) g;
INSERT INTO extra."User ""Profile""" SELECT tenant, "Id", 'good', array['a'] FROM "App"."User";
