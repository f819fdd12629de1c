CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE t (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a int,
    b varchar(20),
    c text NOT NULL,
    m mood,
    s bigint);
CREATE INDEX ON t (b);
CREATE VIEW v WITH (check_option = 'cascaded') AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT b, c, m FROM t;
CREATE SEQUENCE n MAXVALUE 500;
CREATE DOMAIN d AS int;
