//! What the role may do, with the GRANT for what it may not.

use super::{Finding, Level, split};
use crate::apply::{ApplyError, Options, ledger};
use crate::kinds::{KindTag, ObjectId};
use crate::pg::{Ident, LockMode, Qualified};
use crate::plan::{Document, Fill, StatementEvidence, StepRecord};
use crate::sql;
use postgres::Client;
use std::collections::BTreeSet;

/// The relations that the plan touches, as schema and name.
pub(super) fn touched(plan: &Document) -> Vec<Qualified> {
    let of = |id: &ObjectId| match (id.kind, id.path.as_slice()) {
        (
            KindTag::Table
            | KindTag::View
            | KindTag::Sequence
            | KindTag::Column
            | KindTag::Constraint
            | KindTag::Trigger
            | KindTag::Index
            | KindTag::Attachment
            | KindTag::IndexAttachment
            | KindTag::ReplicaIdentity,
            [schema, name, ..],
        ) => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    };
    let found: BTreeSet<Qualified> = plan.touches.iter().filter_map(of).collect();
    found.into_iter().collect()
}

pub(super) fn owners(
    client: &mut Client,
    plan: &Document,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const OWNERS: &str = "
        SELECT
            n.nspname::pg_catalog.text,
            c.relname::pg_catalog.text,
            pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text,
            current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS t(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
        WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        ORDER BY 1, 2";
    let (schemas, names) = split(relations);
    let rows = client
        .query(OWNERS, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let name = Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let (owner, role): (String, String) = (row.get(2), row.get(3));
        findings.push(not_owner(&name.to_string(), &owner, &role));
    }
    owners_of_others(client, plan, findings)
}

fn not_owner(name: &str, owner: &str, role: &str) -> Finding {
    let grant = sql!("GRANT {} TO {}", Ident::new(owner), Ident::new(role));
    let message = format!("{name} belongs to {owner}, and role {role} is not a member of it");
    Finding::new(Level::Refuse, "preflight::not_owner", message).help(grant.to_string())
}

// What is no relation is altered and dropped by its owner alone, too.
fn owners_of_others(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const TYPES: &str = "
        SELECT pg_catalog.format_type(t.oid, NULL), pg_catalog.pg_get_userbyid(t.typowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid AND t.typname = w.name
        WHERE NOT pg_catalog.pg_has_role(t.typowner, 'USAGE')
        ORDER BY 1";
    const FUNCTIONS: &str = "
        SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text, pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            -- The name with the argument types: name(integer).
            JOIN pg_catalog.pg_proc p
                ON p.pronamespace = n.oid
                AND p.oid = pg_catalog.to_regprocedure(w.name)::pg_catalog.oid
        WHERE NOT pg_catalog.pg_has_role(p.proowner, 'USAGE')
        ORDER BY 1";
    let mut types = (Vec::new(), Vec::new());
    let mut functions = (Vec::new(), Vec::new());
    for id in &plan.touches {
        match (id.kind, id.path.as_slice()) {
            (KindTag::Enum | KindTag::Domain | KindTag::Composite, [schema, name, ..]) => {
                types.0.push(schema.as_str());
                types.1.push(name.clone());
            }
            (KindTag::Function, [schema, name, arguments, ..]) => {
                functions.0.push(schema.as_str());
                let name = Qualified::new(schema.as_str(), name.as_str());
                functions.1.push(format!("{name}({arguments})"));
            }
            _ => {}
        }
    }
    for (query, (schemas, names)) in [(TYPES, types), (FUNCTIONS, functions)] {
        let rows = client.query(query, &[&schemas, &names]);
        for row in rows.map_err(ApplyError::ledger)? {
            let (name, owner, role): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            findings.push(not_owner(&name, &owner, &role));
        }
    }
    Ok(())
}

/// What an owner of the objects may still lack.
pub(super) fn others(
    client: &mut Client,
    left: &[&StepRecord],
    relations: &[Qualified],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    databases(client, left, options, findings)?;
    schemas(client, left, findings)?;
    referenced(client, left, relations, findings)
}

// A schema is made by who may make one in the database: the ledger's, and those of the plan.
fn databases(
    client: &mut Client,
    left: &[&StepRecord],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
            EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let ledger_schema = &options.ledger_schema;
    let row = client
        .query_one(QUERY, &[&ledger_schema.raw()])
        .map_err(ApplyError::ledger)?;
    if row.get(0) {
        return Ok(());
    }
    let mut wanted = Vec::new();
    if !row.get::<_, bool>(1) {
        wanted.push(format!("the schema {ledger_schema} of the ledger"));
    }
    let made = left.iter().filter(|s| s.operation == "create schema");
    wanted.extend(made.map(|step| step.object.to_string()));
    for what in wanted {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::database_right",
                format!("role has no right to create {what}"),
            )
            .help(ledger::grant_create(client)),
        );
    }
    Ok(())
}

// Making and renaming anything in a schema needs CREATE there, an index on one's own table as well.
fn schemas(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT n.nspname::pg_catalog.text, current_user::pg_catalog.text
        FROM pg_catalog.pg_namespace n
        WHERE n.nspname = ANY ($1::pg_catalog.text[])
            AND NOT (
                pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
            )
        ORDER BY 1";
    const MAKING: [&str; 6] = [
        "create",
        "recreate",
        "rename",
        "retire table",
        "swap index",
        "swap table",
    ];
    let makes = |step: &StepRecord| {
        let builds = |s: &StatementEvidence| !s.index_builds.is_empty();
        MAKING.iter().any(|word| step.operation.starts_with(word))
            && step.operation != "rename column"
            || step.evidence.statements.iter().any(builds)
    };
    let schemas: BTreeSet<&str> = left
        .iter()
        .filter(|step| makes(step) && step.object.path.len() > 1)
        .map(|step| step.object.path[0].as_str())
        .collect();
    let schemas: Vec<&str> = schemas.into_iter().collect();
    let rows = client
        .query(QUERY, &[&schemas])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (schema, role): (String, String) = (row.get(0), row.get(1));
        let (schema, role) = (Ident::new(schema), Ident::new(role));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::schema_right",
                format!("role {role} may not create anything in schema {schema}"),
            )
            .help(sql!("GRANT USAGE, CREATE ON SCHEMA {} TO {}", schema, role).to_string()),
        );
    }
    Ok(())
}

// The table that a foreign key refers to may be somebody else's. It is the one that is locked and not touched.
fn referenced(
    client: &mut Client,
    left: &[&StepRecord],
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT w.name, current_user::pg_catalog.text
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w(name)
            JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)::pg_catalog.oid
        WHERE c.relkind IN ('r', 'p')
            AND NOT pg_catalog.has_table_privilege(c.oid, 'REFERENCES')
            AND NOT pg_catalog.has_any_column_privilege(c.oid, 'REFERENCES')
        ORDER BY 1";
    let own: BTreeSet<String> = relations.iter().map(ToString::to_string).collect();
    let statements = left.iter().flat_map(|step| &step.evidence.statements);
    let locked: BTreeSet<&str> = statements
        .flat_map(|s| &s.locks)
        .filter(|(name, mode)| **mode == LockMode::ShareRowExclusive && !own.contains(*name))
        .map(|(name, _)| name.as_str())
        .collect();
    let locked: Vec<&str> = locked.into_iter().collect();
    let rows = client
        .query(QUERY, &[&locked])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (name, role): (String, String) = (row.get(0), row.get(1));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::references_right",
                format!("role {role} may not make a foreign key to {name}"),
            )
            .help(format!(
                "GRANT REFERENCES ON {name} TO {}",
                Ident::new(role)
            )),
        );
    }
    Ok(())
}

// Where policies judge the role's own statements, a backfill ends with 42501 (row_security is off in our
// sessions, so that it never skips a row silently).
pub(super) fn row_security(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT name, current_user::pg_catalog.text
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t(name)
        WHERE pg_catalog.row_security_active(pg_catalog.to_regclass(name)::pg_catalog.oid)
        ORDER BY 1";
    let tables: BTreeSet<String> = left.iter().flat_map(|step| rows_of(step)).collect();
    let tables: Vec<String> = tables.into_iter().collect();
    let rows = client
        .query(QUERY, &[&tables])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (table, role): (String, String) = (row.get(0), row.get(1));
        let bypass = sql!("ALTER ROLE {} BYPASSRLS", Ident::new(role.as_str()));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::row_security",
                format!(
                    "row-level security of {table} applies to role {role}: it would hide rows from \
                     the statements of the plan that read or write them"
                ),
            )
            .help(format!(
                "{bypass}, for the time of the plan, or another role"
            )),
        );
    }
    Ok(())
}

/// The tables whose rows a step reads or writes by its own queries.
fn rows_of(step: &StepRecord) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    if let Some(backfill) = &step.backfill {
        tables.insert(backfill.table.to_string());
        if let Fill::Insert { into, .. } = &backfill.work {
            tables.insert(into.to_string());
        }
    }
    let copies = step.operation == "back up";
    for evidence in &step.evidence.statements {
        let locks = evidence.locks.iter();
        let queried = locks.filter(|(_, mode)| match mode {
            LockMode::RowExclusive => true,
            LockMode::AccessShare => copies,
            _ => false,
        });
        tables.extend(queried.map(|(table, _)| table.clone()));
    }
    tables
}
