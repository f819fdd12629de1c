CREATE TABLE products (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku         text NOT NULL,
    name        varchar(200) NOT NULL,       -- 50 was too short for the Finnish catalogue
    description text,
    category_id integer REFERENCES categories,
    supplier_id integer REFERENCES suppliers ON DELETE SET NULL,
    price       numeric(10,2) NOT NULL CHECK (price >= 0),
    tax_rate    numeric(4,3) NOT NULL DEFAULT 0.190,
    active      boolean NOT NULL DEFAULT true,
    attributes  jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz
);

CREATE UNIQUE INDEX products_sku_key ON products (normalise_sku(sku));
CREATE INDEX products_category_id_idx ON products (category_id) INCLUDE (price) WHERE active;
CREATE INDEX products_description_trgm_idx ON products USING gin (description gin_trgm_ops);
CREATE INDEX products_attributes_idx ON products USING gin (attributes jsonb_path_ops);

CREATE TRIGGER products_touch
    BEFORE UPDATE ON products
    FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION touch_updated_at();
