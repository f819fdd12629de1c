DO $$ BEGIN
    ASSERT (SELECT max("Id") FROM "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh") = 31;
    INSERT INTO "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh" ("the Base") VALUES (repeat('y', 70));
    ASSERT (SELECT max("Id") FROM "Shop's"."Der Name einer Tabelle, der so lang ist wie es gerade noch geh") = 32, 'the sequence goes on';
END $$;
