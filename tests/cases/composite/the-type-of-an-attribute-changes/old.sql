CREATE TYPE hit AS (id int, score real, note varchar(20) COLLATE "C");
CREATE TABLE docs (id int PRIMARY KEY, body text);
CREATE FUNCTION find(q text) RETURNS SETOF hit LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT d.id, 1::real, 'found'::varchar FROM docs d WHERE d.body = q;
END $$;
