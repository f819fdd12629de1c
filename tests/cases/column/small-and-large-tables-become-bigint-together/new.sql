CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20) NOT NULL UNIQUE);
CREATE TABLE role (id bigserial PRIMARY KEY, code varchar(10) NOT NULL);
CREATE TABLE membership (
    account_id bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role_id bigint NOT NULL DEFAULT 1 REFERENCES role (id),
    since date,
    PRIMARY KEY (account_id, role_id)
);
CREATE TABLE log (id bigint PRIMARY KEY, account_id bigint REFERENCES account, role_id bigint, FOREIGN KEY (account_id, role_id) REFERENCES membership);
CREATE INDEX ON log (account_id);
CREATE VIEW active AS SELECT a.id, r.code FROM account a JOIN membership m ON m.account_id = a.id JOIN role r ON r.id = m.role_id;
COMMENT ON COLUMN role.id IS 'role';
GRANT SELECT ON role TO PUBLIC;
