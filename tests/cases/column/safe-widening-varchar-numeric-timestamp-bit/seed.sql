INSERT INTO t SELECT g, 'a' || g, 'b', g, '2025-01-01'::timestamp + g * interval '1 hour', '1 min', B'1010' FROM generate_series(1, 20) g;
