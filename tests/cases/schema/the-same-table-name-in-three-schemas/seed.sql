INSERT INTO public.customers SELECT g, 'p' || g FROM generate_series(1, 5) g;
INSERT INTO eu.customers SELECT g, 'e' || g FROM generate_series(1, 5) g;
INSERT INTO us.customers SELECT g, 'u' || g FROM generate_series(1, 5) g;
