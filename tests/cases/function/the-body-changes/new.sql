CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE FUNCTION top() RETURNS int LANGUAGE plpgsql STABLE AS $function$
DECLARE r int;
BEGIN
    -- a comment with $$ in it; and a 'quote
    SELECT coalesce(max(v), 0) INTO r FROM t;
    RETURN r;
END $function$;
COMMENT ON FUNCTION top() IS 'stays';
