CREATE SCHEMA app AUTHORIZATION owner_one;
CREATE TABLE app.notes (id bigint PRIMARY KEY, k serial);
-- pgrehearse: renamed from old_name
CREATE TABLE app.new_name (id bigint PRIMARY KEY);
CREATE TABLE app.bills (id bigint PRIMARY KEY, at date NOT NULL,
                        year integer GENERATED ALWAYS AS (extract(year FROM at)) STORED);
ALTER TABLE app.notes OWNER TO owner_two;
ALTER TABLE app.new_name OWNER TO owner_one;
ALTER TABLE app.bills OWNER TO owner_two;
GRANT SELECT ON app.bills TO owner_one;
