CREATE TABLE public.t (id int PRIMARY KEY, a bigint, b text);
CREATE FUNCTION public.put(i int, v int) RETURNS void LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO public.t (id, a) VALUES (i, v) ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a;
END;
