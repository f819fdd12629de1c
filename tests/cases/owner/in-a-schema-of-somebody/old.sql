CREATE SCHEMA app AUTHORIZATION owner_one;
CREATE TABLE app.notes (id bigint PRIMARY KEY);
CREATE TABLE app.old_name (id bigint PRIMARY KEY);
CREATE TABLE app.bills (id bigint PRIMARY KEY, at date NOT NULL);
ALTER TABLE app.notes OWNER TO owner_two;
ALTER TABLE app.old_name OWNER TO owner_two;
ALTER TABLE app.bills OWNER TO owner_one;
GRANT SELECT ON app.bills TO owner_two;
