CREATE SCHEMA p;
CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE p.t (id int PRIMARY KEY);
-- pgrehearse: renamed from p
CREATE PUBLICATION q FOR TABLE orders, p.t;
COMMENT ON PUBLICATION q IS 'kept';
