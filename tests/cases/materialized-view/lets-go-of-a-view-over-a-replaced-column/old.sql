CREATE TABLE event (id bigint NOT NULL, kind bigint, at timestamptz NOT NULL);
CREATE VIEW v AS SELECT id, kind FROM event;
CREATE MATERIALIZED VIEW mv AS SELECT id, count(*) AS n, max(kind) FROM v GROUP BY 1;
