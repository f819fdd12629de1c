DO $$
DECLARE n bigint;
BEGIN
    ASSERT (SELECT count(*) FROM events WHERE note = 'changed+') = 5;
    ASSERT (SELECT count(*) FROM events_2023) > 10;
    ASSERT (SELECT count(*) FROM events_rest) > 5;
    ASSERT NOT EXISTS (SELECT FROM details WHERE event_id = 20);
    INSERT INTO events (day, customer_id) VALUES ('2024-07-07', 1) RETURNING id INTO n;
    ASSERT n = 64, format('%s', n);
    DELETE FROM events WHERE id = 22;
    ASSERT NOT EXISTS (SELECT FROM details WHERE event_id = 22), 'the foreign key cascades';
END $$;
