CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE p (id serial PRIMARY KEY, tenant_id integer REFERENCES t, title text NOT NULL, archived boolean DEFAULT false);