INSERT INTO "a$pgrehearse$; DROP TABLE b; --" ("n$pgrehearse$") VALUES (1), (2); INSERT INTO b VALUES (1);
