CREATE TABLE t (id int PRIMARY KEY, a int, secret text);
CREATE TABLE child (t_id int REFERENCES t);
CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE row t; sum bigint := 0;
BEGIN
    FOR row IN SELECT * FROM t LOOP
        sum := sum + row.a;
    END LOOP;
    RETURN sum;
END $$;
