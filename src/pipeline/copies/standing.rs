//! What stands on tables of a live database and no kind reads: a copy would leave it behind.

use super::super::{PipelineError, Workshop, server};
use crate::kinds::{Object, ObjectId};
use crate::pg::ServerVersion;
use std::collections::BTreeSet;

/// `$1`, `$2`: schemas and names of the tables.
const STANDING: &str = "
    WITH here (oid, namespace) AS (
        SELECT c.oid, c.relnamespace
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS t (schema, name)
            ON t.schema = n.nspname AND t.name = c.relname
    )
    SELECT 'policy ' || p.polname FROM here JOIN pg_catalog.pg_policy p ON p.polrelid = here.oid
     UNION ALL
    SELECT 'rule ' || r.rulename FROM here JOIN pg_catalog.pg_rewrite r ON r.ev_class = here.oid
     UNION ALL
    SELECT 'publication ' || p.pubname
      FROM here
      JOIN pg_catalog.pg_publication_rel r ON r.prrelid = here.oid
      JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
     UNION ALL
    SELECT 'publication ' || p.pubname FROM pg_catalog.pg_publication p WHERE p.puballtables
     UNION ALL
    SELECT 'subscription ' || s.subname
      FROM here
      JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = here.oid
      JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
     UNION ALL
    SELECT 'extended statistics ' || s.stxname
      FROM here JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = here.oid
     UNION ALL
    SELECT 'tablespace ' || s.spcname
      FROM here
      LEFT JOIN pg_catalog.pg_index x ON x.indrelid = here.oid
      JOIN pg_catalog.pg_class c ON c.oid IN (here.oid, x.indexrelid)
      JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace";

/// Since 15.
const OF_SCHEMA: &str = "
     UNION ALL
    SELECT 'publication ' || p.pubname
      FROM here
      JOIN pg_catalog.pg_publication_namespace s ON s.pnnspid = here.namespace
      JOIN pg_catalog.pg_publication p ON p.oid = s.pnpubid";

/// What stands on `tables` of the database at `url`, in words.
pub(super) fn read(
    url: &str,
    tables: &BTreeSet<ObjectId>,
    workshop: &Workshop<'_>,
) -> Result<Vec<String>, PipelineError> {
    let mut client = server::connect(url, workshop)?;
    let mut query = STANDING.to_owned();
    if workshop.version >= ServerVersion::V15 {
        query.push_str(OF_SCHEMA);
    }
    let part = |i: usize| -> Vec<&str> {
        let paths = tables
            .iter()
            .map(|id| id.path.get(i).map_or("", String::as_str));
        paths.collect()
    };
    let rows = client.query(&query, &[&part(0), &part(1)])?;
    let found: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    Ok(found.into_iter().collect())
}

/// The same by what is known without a live database: more than may stand there.
pub(super) fn guess<S>(
    catalog: &crate::catalog::Catalog<S>,
    tables: &BTreeSet<ObjectId>,
) -> Vec<String> {
    let names: Vec<String> = tables.iter().map(|id| id.path.join(".")).collect();
    let unmodeled = catalog.unmodeled.iter().filter(|unmodeled| {
        let on_it = || {
            names.iter().any(|name| {
                unmodeled.name == *name || unmodeled.name.starts_with(&format!("{name}."))
            })
        };
        match unmodeled.what.as_str() {
            "tablespace of relation" => on_it(),
            "extended statistics" => true,
            _ => false,
        }
    });
    let schemas: BTreeSet<&str> = tables
        .iter()
        .filter_map(|table| Some(table.path.first()?.as_str()))
        .collect();
    let standing = catalog.objects.values().filter(|object| match object {
        Object::Policy(_) | Object::Rule(_) | Object::PublicationTable(_) => {
            object.parent().is_some_and(|t| tables.contains(&t))
        }
        Object::PublicationSchema(of) => schemas.contains(of.schema.raw()),
        Object::Publication(publication) => publication.all_tables,
        _ => false,
    });
    let standing = standing.map(|object| object.id().human());
    let perhaps = unmodeled.map(|u| format!("{u} (perhaps)"));
    standing.chain(perhaps).collect()
}
