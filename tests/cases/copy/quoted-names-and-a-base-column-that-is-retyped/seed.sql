INSERT INTO "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh" ("the Base") SELECT 'b' || g FROM generate_series(1, 30) g;
