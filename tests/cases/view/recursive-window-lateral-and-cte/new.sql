CREATE TABLE nodes (id int PRIMARY KEY, parent int REFERENCES nodes, name text);
CREATE RECURSIVE VIEW paths (id, path, depth) AS
    SELECT id, name, 1 FROM nodes WHERE parent IS NULL
    UNION ALL
    SELECT n.id, p.path || '/' || n.name, p.depth + 1 FROM nodes n JOIN paths p ON p.id = n.parent;
CREATE VIEW ranked AS
    WITH c AS MATERIALIZED (SELECT parent, count(*) AS kids FROM nodes GROUP BY parent)
    SELECT n.id, n.name, c.kids, row_number() OVER w AS place, x.first
      FROM nodes n
      LEFT JOIN c ON c.parent = n.id
      LEFT JOIN LATERAL (SELECT k.name AS first FROM nodes k WHERE k.parent = n.id ORDER BY k.id LIMIT 1) x ON true
    WINDOW w AS (PARTITION BY n.parent ORDER BY c.kids DESC NULLS LAST);
CREATE VIEW totals AS
    SELECT parent, name, count(*) FILTER (WHERE id > 1) AS n FROM nodes GROUP BY GROUPING SETS ((parent), (parent, name), ());
