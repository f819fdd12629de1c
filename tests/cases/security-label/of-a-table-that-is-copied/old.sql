CREATE TABLE t (id bigint NOT NULL, at date NOT NULL, mail text, PRIMARY KEY (id, at));
CREATE TABLE dropped (id int);
SECURITY LABEL FOR anon ON TABLE t IS 't';
SECURITY LABEL FOR anon ON COLUMN t.mail IS 'c';
SECURITY LABEL FOR anon ON COLUMN dropped.id IS 'c';
