DO $$ BEGIN
    IF to_regclass('app.customers') IS NOT NULL THEN
        INSERT INTO app.customers SELECT g, 'm' FROM generate_series(1, 100) g;
    END IF;
END $$;
