//! What the role, and whom it gives objects to, may not: OWNER TO.

use super::{Finding, Level};
use crate::apply::{ApplyError, ledger};
use crate::kinds::{KindTag, ObjectId};
use crate::pg::{Ident, ServerVersion};
use crate::plan::{Document, OwnerRecord};
use crate::sql;
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// Who gives something away has to be able to become the new owner; and that one could have made it where it is.
pub(super) fn check(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const SUPERUSER: &str = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
    if plan.owners.is_empty() {
        return Ok(());
    }
    let row = client
        .query_one(SUPERUSER, &[])
        .map_err(ApplyError::ledger)?;
    if row.get(0) {
        return Ok(());
    }
    members(client, plan, findings)?;
    schemas(client, plan, findings)?;
    database(client, plan, findings)
}

fn members(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    // Since 16 a membership need not let anybody become the role.
    let right = match plan.server_version >= ServerVersion::V16 {
        true => "SET",
        false => "MEMBER",
    };
    const QUERY: &str = "
        SELECT r.rolname::pg_catalog.text, current_user::pg_catalog.text, pg_catalog.pg_has_role(r.oid, 'MEMBER')
        FROM pg_catalog.pg_roles r
        WHERE r.rolname = ANY ($1::pg_catalog.text[]) AND NOT pg_catalog.pg_has_role(r.oid, $2::pg_catalog.text)
        ORDER BY 1";
    let mut first: BTreeMap<&str, &ObjectId> = BTreeMap::new();
    for OwnerRecord { object, role } in &plan.owners {
        first.entry(role.raw()).or_insert(object);
    }
    let roles: Vec<&str> = first.keys().copied().collect();
    let rows = client.query(QUERY, &[&roles, &right]);
    for row in rows.map_err(ApplyError::ledger)? {
        let (name, me, member): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let object = first.get(name.as_str()).map(|id| id.human());
        let (role, me) = (Ident::new(name.as_str()), Ident::new(me));
        let object = object.unwrap_or_default();
        let (message, grant) = match member {
            false => (
                format!("{object} is to belong to {role}, and role {me} is not a member of it"),
                sql!("GRANT {} TO {}", role, me),
            ),
            true => (
                format!("{object} is to belong to {role}, and role {me} may not SET ROLE to it"),
                sql!("GRANT {} TO {} WITH SET TRUE", role, me),
            ),
        };
        findings.push(
            Finding::new(Level::Refuse, "preflight::not_member", message).help(grant.to_string()),
        );
    }
    Ok(())
}

fn schemas(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT w.role, w.schema, n.oid IS NULL
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(role, schema)
            JOIN pg_catalog.pg_roles r ON r.rolname = w.role
            LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
        WHERE n.oid IS NULL OR NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
        ORDER BY 1, 2";
    let wanted = plan.owners.iter().filter_map(|record| {
        let global = record.object.kind.is_global() || record.object.kind == KindTag::Schema;
        let schema = record.object.path.first().filter(|_| !global)?;
        Some((record.role.raw(), schema.as_str()))
    });
    let wanted: BTreeSet<(&str, &str)> = wanted.collect();
    let (roles, schemas): (Vec<&str>, Vec<&str>) = wanted.into_iter().unzip();
    let rows = client.query(QUERY, &[&roles, &schemas]);
    for row in rows.map_err(ApplyError::ledger)? {
        let (role, schema, new): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let grants = |to: &str| {
            let path = [schema.as_str(), "schema", to];
            plan.touches.contains(&ObjectId::new(KindTag::Grant, path))
        };
        let its_own = new
            && plan.owners.iter().any(|record| {
                record.object == ObjectId::new(KindTag::Schema, [schema.as_str()])
                    && record.role.raw() == role
            });
        if its_own || grants(&role) || grants("public") {
            continue;
        }
        let (schema, role) = (Ident::new(schema), Ident::new(role));
        let grant = sql!("GRANT USAGE, CREATE ON SCHEMA {} TO {}", schema, role);
        let help = match new {
            true => format!("{grant}, in the schema files"),
            false => grant.to_string(),
        };
        let message = format!(
            "what is in schema {schema} is to belong to {role}, which may not create anything there"
        );
        findings.push(Finding::new(Level::Refuse, "preflight::owner_right", message).help(help));
    }
    Ok(())
}

fn database(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const OWN: &str =
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')";
    const THEIRS: &str = "
        SELECT r.rolname::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text
        FROM pg_catalog.pg_roles r
        WHERE r.rolname = ANY ($1::pg_catalog.text[])
            AND NOT pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CREATE')
        ORDER BY 1";
    let of = |kind: KindTag| plan.owners.iter().filter(move |r| r.object.kind == kind);
    if let Some(record) = of(KindTag::Schema).next() {
        let row = client.query_one(OWN, &[]).map_err(ApplyError::ledger)?;
        if !row.get::<_, bool>(0) {
            let what = record.object.human();
            let message =
                format!("role has no right to create schemas, and none to give {what} away");
            findings.push(
                Finding::new(Level::Refuse, "preflight::database_right", message)
                    .help(ledger::grant_create(client)),
            );
        }
    }
    let roles: BTreeSet<&str> = of(KindTag::Publication).map(|r| r.role.raw()).collect();
    let roles: Vec<&str> = roles.into_iter().collect();
    let rows = client
        .query(THEIRS, &[&roles])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (role, database): (String, String) = (row.get(0), row.get(1));
        let (role, database) = (Ident::new(role), Ident::new(database));
        let message = format!(
            "a publication is to belong to {role}, which may not create anything in the database"
        );
        let grant = sql!("GRANT CREATE ON DATABASE {} TO {}", database, role);
        findings.push(
            Finding::new(Level::Refuse, "preflight::owner_right", message).help(grant.to_string()),
        );
    }
    Ok(())
}
