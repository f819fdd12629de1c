CREATE TYPE state AS ENUM ('new', 'shipped');
CREATE TABLE t (
    id bigint PRIMARY KEY,
    mail varchar(20),
    state state,
    -- pgrehearse: convert using (born::date) reverse (born::text)
    born date
);
CREATE VIEW v AS SELECT id, state, mail FROM t;
SECURITY LABEL FOR anon ON COLUMN t.id IS 'key';
SECURITY LABEL FOR anon ON COLUMN t.mail IS 'MASKED WITH FUNCTION anon.fake_first_name()';
SECURITY LABEL FOR anon ON COLUMN t.state IS 'state';
SECURITY LABEL FOR anon ON COLUMN t.born IS 'born';
SECURITY LABEL FOR other ON COLUMN t.born IS 'born';
SECURITY LABEL FOR anon ON TYPE state IS 'a type';
SECURITY LABEL FOR anon ON VIEW v IS 'a view';
SECURITY LABEL FOR anon ON COLUMN v.state IS 'of a view';
SECURITY LABEL FOR anon ON COLUMN v.mail IS 'of a view, too';
