CREATE TABLE products (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku         text NOT NULL,
    name        varchar(50) NOT NULL,
    description text,
    category_id integer REFERENCES categories,
    supplier_id integer REFERENCES suppliers,
    price       numeric(10,2) NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    attributes  jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz
);

CREATE UNIQUE INDEX products_sku_key ON products (normalise_sku(sku));
CREATE INDEX products_category_id_idx ON products (category_id);
CREATE INDEX products_description_trgm_idx ON products USING gin (description gin_trgm_ops);

CREATE TRIGGER products_touch
    BEFORE UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
