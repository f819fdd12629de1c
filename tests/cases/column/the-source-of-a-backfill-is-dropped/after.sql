DO $$ BEGIN
    ASSERT (SELECT count(DISTINCT label) = 21 AND bool_and(label = upper(label)) FROM t);
END $$;
INSERT INTO t (id, label) VALUES (102, 'y');
