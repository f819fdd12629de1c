DO $$ BEGIN
    IF (SELECT count(*) FROM things WHERE a::text = id::text AND many::text = '{1,2}' AND d::text = '5') <> 200 THEN
        RAISE 'rows are not as they were';
    END IF;
END $$;
