DO $$ BEGIN
    IF (SELECT count(*) FROM words WHERE upper(of) = 'b' || id AND many = ARRAY[span('c', 'd')] AND sets = '{[a,b), [c,d]}') <> 200 THEN
        RAISE 'rows are not as they were';
    END IF;
END $$;
