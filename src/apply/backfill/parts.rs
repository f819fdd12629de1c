//! The tables that a backfill walks, from the catalog.

use crate::pg::Qualified;
use crate::plan::Backfill;
use postgres::Client;

/// One table or partition.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub name: Qualified,
    pub text: String,
    pub is_foreign: bool,
    pub pages: i64,
    /// An estimate.
    pub rows: u64,
}

// Rows as the planner estimates them: the density of the last ANALYZE times the pages of today; never
// analysed, rows of 100 bytes. A table with inheritance children is walked together with them, by the pages
// of the largest.
const PARTS: &str = "
    WITH RECURSIVE part (oid, relkind) AS (
        SELECT c.oid, c.relkind
        FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2
        UNION ALL
        SELECT c.oid, c.relkind
        FROM part
            JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE part.relkind = 'p'
    ), family (root, oid) AS (
        SELECT oid, oid FROM part WHERE relkind <> 'p'
        UNION
        SELECT family.root, i.inhrelid
        FROM family
            JOIN pg_catalog.pg_inherits i ON i.inhparent = family.oid
    ), size AS (
        SELECT
            f.root,
            c.reltuples,
            c.relpages,
            CASE WHEN c.relkind IN ('r', 'm')
                THEN COALESCE(pg_catalog.pg_relation_size(c.oid), 0)
                    / pg_catalog.current_setting('block_size')::pg_catalog.int8
                ELSE 0
            END AS pages
        FROM family f
            JOIN pg_catalog.pg_class c ON c.oid = f.oid
    ), estimate AS (
        SELECT
            root,
            pg_catalog.max(pages) AS pages,
            pg_catalog.sum(CASE
                WHEN reltuples >= 0 AND relpages > 0 THEN reltuples::pg_catalog.numeric * pages / relpages
                ELSE pages * 80::pg_catalog.numeric
            END) AS rows
        FROM size
        GROUP BY root
    )
    SELECT
        n.nspname::pg_catalog.text,
        c.relname::pg_catalog.text,
        c.relkind = 'f',
        e.pages,
        e.rows::pg_catalog.int8
    FROM part
        JOIN pg_catalog.pg_class c ON c.oid = part.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN estimate e ON e.root = c.oid
    WHERE c.relkind <> 'p'
    ORDER BY n.nspname, c.relname";

/// The leaf partitions of `table`, or itself; always in the same order.
pub(super) fn list(client: &mut Client, table: &Qualified) -> Result<Vec<Part>, postgres::Error> {
    let rows = client.query(PARTS, &[&table.schema.raw(), &table.name.raw()])?;
    Ok(rows
        .iter()
        .map(|row| {
            let name = Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1));
            let rows: i64 = row.get(4);
            Part {
                text: super::text(&name),
                name,
                is_foreign: row.get(2),
                pages: row.get(3),
                rows: u64::try_from(rows).unwrap_or(0),
            }
        })
        .collect())
}

/// The types of the key's columns, in its order.
pub(super) fn key_types(
    client: &mut Client,
    backfill: &Backfill,
) -> Result<Vec<String>, postgres::Error> {
    const QUERY: &str = "
        SELECT pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY AS key (name, place)
            JOIN pg_catalog.pg_class c ON c.relname = $2
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = key.name
        ORDER BY key.place";
    let key: Vec<&str> = backfill.key.iter().map(|column| column.raw()).collect();
    let table = &backfill.table;
    let rows = client.query(QUERY, &[&table.schema.raw(), &table.name.raw(), &key])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
