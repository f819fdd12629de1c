INSERT INTO p0 (id, n) VALUES (0, 'x');
DO $$ BEGIN ASSERT (SELECT size = 2 FROM t WHERE id = 0); END $$;
