CREATE TABLE t (
    id integer NOT NULL,
    name character varying(20) DEFAULT 'x'::character varying,
    at timestamp with time zone DEFAULT now(),
    n numeric DEFAULT 0,
    flag boolean DEFAULT false,
    CONSTRAINT t_pkey PRIMARY KEY (id),
    CONSTRAINT t_n_check CHECK ((n >= (0)::numeric))
);
CREATE INDEX t_name_idx ON public.t USING btree (lower((name)::text));
CREATE VIEW v AS SELECT t.id, t.name FROM t WHERE (t.n = ANY (ARRAY[(1)::numeric, (2)::numeric]));
