INSERT INTO t (v) VALUES ('newer');
INSERT INTO "Odd Table" (v) VALUES ('newer');
DO $$ BEGIN
    ASSERT (SELECT count(DISTINCT id) = 22 AND max(id) = 22 FROM t);
    ASSERT (SELECT count(DISTINCT "No") = 22 AND min("No") = 100 FROM "Odd Table");
END $$;
