CREATE TABLE event (id bigint NOT NULL, kind int, at timestamptz NOT NULL);
CREATE VIEW v AS SELECT id, kind FROM event;
CREATE MATERIALIZED VIEW mv AS SELECT id, count(*) AS n FROM event GROUP BY 1;
