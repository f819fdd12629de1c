CREATE TABLE event (id bigint NOT NULL, kind bigint, at timestamptz NOT NULL);
CREATE MATERIALIZED VIEW mv AS SELECT id, count(*) AS n, max(kind) FROM event GROUP BY 1;CREATE UNIQUE INDEX mvk ON mv(id);
