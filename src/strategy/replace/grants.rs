//! Rights on single columns: the new column gets those of the old one.
//!
//! No kind reads them yet; what the server has when the statement runs is copied, so that what is granted
//! while the plan waits counts, too.

use super::super::Context;
use super::swap::followed;
use super::sync::Pair;
use crate::kinds::Column;
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;

/// Gives the new columns of `pairs` what is granted on the old ones; nothing where live has no such rights.
pub(super) fn copied(pairs: &[&Pair<'_>], context: &Context<'_>) -> Vec<Sql> {
    let granted = |column: &&Column| {
        let name = [&column.schema, &column.table, &column.name].map(Ident::raw);
        let name = name.join(".");
        let mut unmodeled = context.live.unmodeled.iter();
        unmodeled.any(|u| u.what == "grants on column" && u.name == name)
    };
    let statements = pairs.iter().flat_map(|pair| {
        let columns = followed(context.live, pair.old);
        let columns = columns.into_iter().filter(granted);
        columns.map(|c| copy(&c.table_name(), &c.name, &pair.replacement.temporary))
    });
    statements.collect()
}

fn copy(table: &Qualified, from: &Ident, to: &Ident) -> Sql {
    let table = table.to_string();
    let to = to.to_string();
    sql!(
        "DO $pgrehearse$
DECLARE
    command text;
BEGIN
    FOR command IN
        SELECT pg_catalog.format('GRANT %s (%s) ON %s TO %s%s', x.privilege_type, {}, {}
                 , CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::pg_catalog.regrole::text END
                 , CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x
         WHERE a.attrelid = {}::pg_catalog.regclass AND a.attname = {}
    LOOP
        EXECUTE command;
    END LOOP;
END;
$pgrehearse$",
        Literal(&to),
        Literal(&table),
        Literal(&table),
        Literal(from.raw())
    )
}
