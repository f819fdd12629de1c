CREATE TABLE public.t (id int PRIMARY KEY, a int, b text);
CREATE VIEW public.v AS SELECT 1 AS id, 2 AS a;
CREATE RULE put AS ON INSERT TO public.v DO INSTEAD
  INSERT INTO public.t (id, a) VALUES (new.id, new.a) ON CONFLICT (id) DO UPDATE SET a = excluded.a + 1;
CREATE FUNCTION public.other(i int, v int) RETURNS void LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO public.t (id, a) VALUES (i, v) ON CONFLICT (id) DO UPDATE SET a = 1;
END;
