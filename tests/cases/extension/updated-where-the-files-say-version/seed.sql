INSERT INTO public.t SELECT i, 'name ' || i FROM generate_series(1, 50) i;
