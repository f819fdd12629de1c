CREATE TABLE event (id bigint NOT NULL, kind int, at timestamptz NOT NULL);
CREATE MATERIALIZED VIEW mv AS SELECT id, at, count(*) AS n FROM event GROUP BY 1,2;CREATE UNIQUE INDEX mvk ON mv(id);
