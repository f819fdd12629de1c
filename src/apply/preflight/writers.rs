//! Whether who writes a table may call what the triggers of the plan call there.
//!
//! A trigger that fills or converts by the expression of a hint runs with the rights of whoever writes, as a DEFAULT
//! does. In the rehearsal one role writes everything.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::pg::Qualified;
use crate::plan::{Document, StepRecord};
use crate::source::reader::Reader;
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// Who may write the table and may not call a function, or reach its schema, whose call stands in the text.
const WITHOUT: &str = "
    WITH called AS (
        SELECT p.oid, n.oid AS schema, n.nspname FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname <> 'pg_catalog'
           AND pg_catalog.strpos($1, pg_catalog.format('%I.%I(', n.nspname, p.proname)) > 0
    ), writer AS (
        SELECT g.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) g
         WHERE c.oid = pg_catalog.to_regclass($2) AND g.privilege_type IN ('INSERT', 'UPDATE')
         UNION
        SELECT g.grantee FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) g
         WHERE a.attrelid = pg_catalog.to_regclass($2) AND g.privilege_type IN ('INSERT', 'UPDATE')
    ), named AS (
        SELECT CASE WHEN grantee = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(grantee) END AS role, grantee
          FROM writer
    )
    SELECT CASE WHEN w.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(w.role) END AS role
         , f.oid::pg_catalog.regprocedure::pg_catalog.text AS function
         , pg_catalog.quote_ident(f.nspname) AS schema
         , pg_catalog.has_schema_privilege(w.role, f.schema, 'USAGE') AS reached
      FROM called f, named w
     WHERE NOT pg_catalog.has_function_privilege(w.role, f.oid, 'EXECUTE')
        OR NOT pg_catalog.has_schema_privilege(w.role, f.schema, 'USAGE')
     ORDER BY 1, 2";

pub(super) fn check(
    client: &mut Client,
    plan: &Document,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let all = plan.steps().flat_map(|(_, step)| &step.statements);
    let tables: BTreeMap<Qualified, Qualified> = all
        .filter_map(|statement| trigger(&statement.sql))
        .collect();
    let mut said = BTreeSet::new();
    for step in left {
        for statement in &step.statements {
            let table = function(&statement.sql).and_then(|name| tables.get(&name));
            let Some(table) = table else { continue };
            let parameters: [&(dyn postgres::types::ToSql + Sync); 2] =
                [&statement.sql, &table.to_string()];
            let rows = client
                .query(WITHOUT, &parameters)
                .map_err(ApplyError::ledger)?;
            for row in rows {
                let [role, function, schema]: [String; 3] = [row.get(0), row.get(1), row.get(2)];
                if !said.insert((role.clone(), table.clone(), function.clone())) {
                    continue;
                }
                let message = format!(
                    "{role} may write {table} and may not call {function}, which the trigger of step {} ({}) calls: \
                     those writes would fail from there on",
                    step.id, step.title
                );
                let help = match row.get(3) {
                    true => format!("GRANT EXECUTE ON FUNCTION {function} TO {role}"),
                    false => format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
                };
                let code = "preflight::writers";
                findings.push(Finding::new(Level::Refuse, code, message).help(help));
            }
        }
    }
    Ok(())
}

fn qualified(reader: &mut Reader<'_>) -> Option<Qualified> {
    match reader.name()?.as_slice() {
        [schema, name] => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    }
}

/// The name of a function that runs with the rights of who calls it, if `statement` makes one.
fn function(statement: &str) -> Option<Qualified> {
    let mut reader = Reader::new(statement);
    reader.eat(&["create"]).then_some(())?;
    reader.eat(&["or", "replace"]);
    reader.eat(&["function"]).then_some(())?;
    let name = qualified(&mut reader)?;
    let definer = reader.skip_until(|r| r.sees(&["security", "definer"]) || r.sees(&["as"]));
    (definer && reader.sees(&["as"])).then_some(name)
}

/// The function of a trigger of ours, and its table.
fn trigger(statement: &str) -> Option<(Qualified, Qualified)> {
    let mut reader = Reader::new(statement);
    reader.eat(&["create", "trigger"]).then_some(())?;
    reader.ident()?;
    reader.skip_until(|r| r.sees(&["on"])).then_some(())?;
    reader.eat(&["on"]);
    let table = qualified(&mut reader)?;
    reader
        .skip_until(|r| r.sees(&["execute", "function"]))
        .then_some(())?;
    reader.eat(&["execute", "function"]);
    Some((qualified(&mut reader)?, table))
}
