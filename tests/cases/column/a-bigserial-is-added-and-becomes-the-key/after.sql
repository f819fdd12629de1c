INSERT INTO t (v) VALUES ('newer');
DO $$ BEGIN
    ASSERT (SELECT count(DISTINCT id) = 22 AND max(id) = 22 FROM t);
END $$;
