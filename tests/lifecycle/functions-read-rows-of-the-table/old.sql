CREATE TABLE orders (n bigint PRIMARY KEY, total int NOT NULL DEFAULT 7, note text);
CREATE VIEW big AS SELECT n, total FROM orders;
CREATE FUNCTION by_row(k bigint) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r orders; BEGIN SELECT * INTO r FROM orders WHERE n = k; RETURN r.total::text; END $$;
CREATE FUNCTION by_record(k bigint) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SELECT * INTO r FROM big WHERE n = k; RETURN r.total::text; END $$;
CREATE FUNCTION by_type(k bigint) RETURNS text LANGUAGE plpgsql AS $$ DECLARE x orders.total%TYPE; BEGIN SELECT total INTO x FROM orders WHERE n = k; RETURN (x + 1)::text; END $$;
CREATE FUNCTION whole(k bigint) RETURNS SETOF orders LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM orders WHERE n = k; END $$;
