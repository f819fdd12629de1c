CREATE TYPE plan AS ENUM ('free', 'paid');
CREATE TABLE tenants (id serial PRIMARY KEY, name varchar(120) NOT NULL CHECK (name <> ''), plan plan NOT NULL DEFAULT 'paid', settings jsonb NOT NULL DEFAULT '{}');
CREATE TABLE members (tenant_id int NOT NULL REFERENCES tenants ON DELETE CASCADE, mail text NOT NULL, joined date NOT NULL DEFAULT CURRENT_DATE, PRIMARY KEY (tenant_id, mail));
CREATE TABLE sessions (token uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id int NOT NULL, mail text NOT NULL, FOREIGN KEY (tenant_id, mail) REFERENCES members ON DELETE CASCADE);
CREATE INDEX members_mail ON members (lower(mail));
CREATE INDEX sessions_member ON sessions (tenant_id, mail);
CREATE VIEW tenant_sizes AS SELECT t.id, t.name, t.plan, count(m.mail) AS members FROM tenants t LEFT JOIN members m ON m.tenant_id = t.id GROUP BY t.id;
CREATE FUNCTION tenant_name(id int) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper(t.name) FROM tenants t WHERE t.id = $1';
