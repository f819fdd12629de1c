CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small_positive AS positive CHECK (VALUE < 100);
CREATE TABLE orders (id int PRIMARY KEY, amount positive, boxes small_positive DEFAULT 1);
CREATE FUNCTION pack(positive) RETURNS small_positive LANGUAGE sql IMMUTABLE
    AS $$ SELECT least($1::int, 99)::small_positive $$;
