CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE PROCEDURE bump(n int DEFAULT 1, INOUT done int DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE t SET v = v + n;
    GET DIAGNOSTICS done = ROW_COUNT;
    COMMIT;
END $$;
CREATE PROCEDURE was_function() LANGUAGE sql AS '';
COMMENT ON PROCEDURE bump IS 'in batches of one';
