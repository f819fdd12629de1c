INSERT INTO "Än ""odd"" one"."select" SELECT g, 'x' || g FROM generate_series(1, 500) g;
REFRESH MATERIALIZED VIEW "Än ""odd"" one"."Group By";
REFRESH MATERIALIZED VIEW a_name_that_is_as_long_as_a_name_may_be_in_postgresql_63_bytes_;
