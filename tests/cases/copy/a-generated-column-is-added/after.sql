DO $$
DECLARE n bigint;
BEGIN
    ASSERT (SELECT count(*) FROM orders WHERE gross IS DISTINCT FROM net * 1.19) = 0;
    ASSERT (SELECT net FROM orders WHERE id = 110) = 4, 'the update of between';
    ASSERT (SELECT touched FROM orders WHERE id = 110) = 3, 'the trigger ran once an update';
    INSERT INTO orders (customer_id, net) VALUES (1, 100) RETURNING id INTO n;
    ASSERT n = 310, format('the identity goes on: %s', n);
    ASSERT (SELECT gross FROM orders WHERE id = n) = 119;
    INSERT INTO lines (order_id) VALUES (n);
    DELETE FROM orders WHERE id = n;
    ASSERT NOT EXISTS (SELECT FROM lines WHERE order_id = n), 'the foreign key cascades';
END $$;
