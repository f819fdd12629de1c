//! What the server makes of the expressions of hints, and how it casts.

use crate::catalog::Catalog;
use crate::diff::replacement::Expression;
use crate::kinds::{Column, KindTag, Object, ObjectId};
use crate::pg::ident::Literal;
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Sql};
use crate::sql;
use crate::strategy::temporary_name;
use postgres::Client;

/// Whether a value of `from` is one of `to` by assignment (manual, "Value Storage").
pub(super) fn assigns(client: &mut Client, from: &str, to: &str) -> Result<bool, postgres::Error> {
    cast_context(client, from, to, "a")
}

/// Whether every value of `from` is one of `to`.
pub(super) fn is_implicit(
    client: &mut Client,
    from: &str,
    to: &str,
) -> Result<bool, postgres::Error> {
    cast_context(client, from, to, "i")
}

fn cast_context(
    client: &mut Client,
    from: &str,
    to: &str,
    context: &'static str,
) -> Result<bool, postgres::Error> {
    // A type with a modifier holds fewer values than without. Domains count as what they are over, and two
    // arrays as their elements.
    const QUERY: &str = "
        WITH RECURSIVE base (side, oid) AS (
            SELECT 1, $1::text::regtype::oid UNION ALL SELECT 2, $2::text::regtype::oid
          UNION ALL
            SELECT b.side, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.oid AND t.typtype = 'd'
        ), plain AS (
            SELECT b.side, b.oid, CASE WHEN t.typcategory = 'A' THEN t.typelem END AS element FROM base b
              JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
        ), pair AS (
            SELECT CASE WHEN f.element IS NOT NULL AND t.element IS NOT NULL THEN f.element ELSE f.oid END AS source
                 , CASE WHEN f.element IS NOT NULL AND t.element IS NOT NULL THEN t.element ELSE t.oid END AS target
              FROM plain f, plain t WHERE f.side = 1 AND t.side = 2
        )
        SELECT p.source = p.target
            OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = p.source AND c.casttarget = p.target
                          AND (c.castcontext = 'i' OR $3 = 'a' AND c.castcontext = 'a'))
            OR ($3 = 'a' AND t.typcategory = 'S')
          FROM pair p JOIN pg_type t ON t.oid = p.target";
    let by_type: bool = client
        .query_opt(QUERY, &[&from, &to, &context])?
        .is_some_and(|row| row.get(0));
    Ok(by_type && (context == "a" || !to.contains('(')))
}

/// An expression of a hint as the server understands it after `first`, by way of a CHECK on the column's
/// table; written with the names that hold after `then`.
pub(super) fn resolve(
    client: &mut Client,
    column: &Column,
    expression: &str,
    (first, then): (&[Sql], &[Sql]),
) -> Result<Expression, postgres::Error> {
    let result = resolve_inside(client, column, expression, (first, then));
    client.batch_execute("ROLLBACK")?;
    result
}

fn resolve_inside(
    client: &mut Client,
    column: &Column,
    expression: &str,
    (first, then): (&[Sql], &[Sql]),
) -> Result<Expression, postgres::Error> {
    client.batch_execute("BEGIN")?;
    for statement in first {
        client.batch_execute(statement.as_str())?;
    }
    let name = Ident::new(temporary_name(&column_id(column), "expression"));
    let path = sql!("SET LOCAL search_path = {}, public", column.schema);
    client.batch_execute(path.as_str())?;
    let add = sql!(
        "ALTER TABLE {} ADD CONSTRAINT {} CHECK (({}) IS NULL) NOT VALID",
        column.table_name(),
        name,
        Deparsed(expression)
    );
    client.batch_execute(add.as_str())?;
    for statement in then {
        client.batch_execute(statement.as_str())?;
    }
    client.batch_execute("SELECT pg_catalog.set_config('search_path', '', true)")?;
    let query = sql!(
        "SELECT pg_catalog.pg_get_expr(k.conbin, k.conrelid)
              , coalesce((SELECT pg_catalog.json_agg(a.attname)::text
                            FROM pg_catalog.pg_attribute a
                           WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)), '[]')
              , 0 = ANY (k.conkey)
           FROM pg_catalog.pg_constraint k
          WHERE k.conname = {} AND k.conrelid = {}::regclass",
        Literal(name.raw()),
        // Partitions have it, too.
        Literal(&column.table_name().to_string())
    );
    let row = client.query_one(query.as_str(), &[])?;
    let (text, columns): (String, String) = (row.get(0), row.get(1));
    let text = text
        .strip_prefix('(')
        .and_then(|t| t.strip_suffix(" IS NULL)"))
        .map_or_else(|| expression.to_owned(), str::to_owned);
    let columns: Vec<String> = serde_json::from_str(&columns).unwrap_or_default();
    Ok(Expression {
        text,
        columns: columns.into_iter().map(Ident::new).collect(),
        whole_row: row.get::<_, Option<bool>>(2).unwrap_or_default(),
    })
}

/// Why a trigger cannot compute `expression` of a hint before a row of the table of `column` is written: the row has no
/// name then, and its generated columns no value.
pub(super) fn unseen<S>(
    expression: &Expression,
    column: &Column,
    catalog: &Catalog<S>,
) -> Option<String> {
    if expression.whole_row {
        return Some(
            "it reads the whole row, which a trigger cannot before it is written: name the columns"
                .to_owned(),
        );
    }
    expression.columns.iter().find_map(|name| {
        let path = [column.schema.raw(), column.table.raw(), name.raw()];
        match catalog.get(&ObjectId::new(KindTag::Column, path)) {
            Some(Object::Column(read)) if read.generated.is_some() => Some(format!(
                "it reads {name}, which is generated and has no value before the row is written: write {}",
                read.expression.as_deref().unwrap_or("its expression")
            )),
            _ => None,
        }
    })
}

fn column_id(column: &Column) -> ObjectId {
    let path = [column.schema.raw(), column.table.raw(), column.name.raw()];
    ObjectId::new(KindTag::Column, path)
}
