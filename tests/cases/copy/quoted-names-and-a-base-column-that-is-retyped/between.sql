INSERT INTO "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh" DEFAULT VALUES;
