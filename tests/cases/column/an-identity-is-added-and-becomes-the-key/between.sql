INSERT INTO t VALUES ('new');
INSERT INTO "Odd Table" VALUES ('new');
