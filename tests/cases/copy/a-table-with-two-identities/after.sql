INSERT INTO t (v) VALUES ('New');
DO $$ BEGIN ASSERT (SELECT id = 101 AND n = 201 AND low = 'new' FROM t WHERE v = 'New'); END $$;
