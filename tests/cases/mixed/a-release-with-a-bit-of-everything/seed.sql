INSERT INTO tenants (name) SELECT 'tenant ' || g FROM generate_series(1, 5) g;
INSERT INTO members SELECT 1 + g % 5, 'm' || g || '@example.org', '2025-01-01' FROM generate_series(1, 30) g;
