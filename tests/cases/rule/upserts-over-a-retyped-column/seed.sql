INSERT INTO public.t SELECT i, i, 'x' FROM generate_series(1, 20) i;
