CREATE TYPE plan AS ENUM ('free', 'paid');
CREATE TABLE tenants (id serial PRIMARY KEY, name varchar(40) NOT NULL, plan plan NOT NULL DEFAULT 'free', legacy text);
CREATE TABLE members (tenant_id int NOT NULL, mail text NOT NULL, joined date);
CREATE TABLE sessions_old (token text PRIMARY KEY, member text);
CREATE INDEX members_mail ON members (mail);
CREATE VIEW tenant_sizes AS SELECT t.id, t.name, count(m.mail) AS members FROM tenants t LEFT JOIN members m ON m.tenant_id = t.id GROUP BY t.id, t.name;
CREATE FUNCTION tenant_name(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM tenants WHERE id = $1';
