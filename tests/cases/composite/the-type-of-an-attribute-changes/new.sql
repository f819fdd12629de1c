CREATE TYPE hit AS (id bigint, score double precision, note text COLLATE "C");
CREATE TABLE docs (id int PRIMARY KEY, body text);
CREATE FUNCTION find(q text) RETURNS SETOF hit LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT d.id::bigint, 1::double precision, 'found'::text FROM docs d WHERE d.body = q;
END $$;
