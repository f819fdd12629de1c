-- Keeps updated_at honest.
CREATE FUNCTION touch_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

-- What an order costs, after its discount, rounded to cents.
CREATE FUNCTION order_total(p_order_id bigint) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT round(coalesce(sum(i.quantity * i.unit_price * (1 - i.discount)), 0), 2)
      FROM order_items i
     WHERE i.order_id = p_order_id
$$;

-- Used by an index below, therefore IMMUTABLE.
CREATE FUNCTION normalise_sku(sku text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN upper(replace(sku, '-', ''));

-- Writes one line of history for each change of an order's status.
CREATE FUNCTION log_order_status() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_events (order_id, kind, detail)
    VALUES (NEW.id, 'status', jsonb_build_object('from', OLD.status, 'to', NEW.status));
    RETURN NULL;
END
$$;

CREATE PROCEDURE cancel_stale_orders(older_than interval DEFAULT '14 days')
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders SET status = 'cancelled'
     WHERE status = 'pending' AND placed_at < now() - older_than;
END
$$;

-- What can still be promised to a customer, over all warehouses.
CREATE FUNCTION available_stock(p_product_id bigint) RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(sum(s.on_hand - s.reserved), 0)
      FROM stock_levels s
     WHERE s.product_id = p_product_id;
END;

COMMENT ON FUNCTION available_stock(bigint) IS 'What can still be promised to a customer';
