DO $$ BEGIN
    IF (SELECT sum(n) FROM totals) <> 400 OR (SELECT place_of(10) WITHIN GROUP (ORDER BY amount) FROM sales) <> 10 THEN
        RAISE 'the aggregates do not work';
    END IF;
END $$;
