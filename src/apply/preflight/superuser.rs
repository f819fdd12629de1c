//! Statements that PostgreSQL lets only a superuser run.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::kinds::{Grant, KindTag};
use crate::plan::StepRecord;
use crate::scratch::privileged;
use postgres::Client;
use std::collections::BTreeSet;

/// The roles of providers whose servers let their members run some of these statements.
const PROVIDERS: [&str; 5] = [
    "rds_superuser",
    "cloudsqlsuperuser",
    "azure_pg_admin",
    "alloydbsuperuser",
    "neon_superuser",
];

pub(super) fn check(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
            current_user::pg_catalog.text,
            EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1::pg_catalog.text[]))";
    let of_members = of_new_members(client, left)?;
    let mut needing = left.iter().filter(|step| {
        let mut statements = step.statements.iter();
        statements.any(|statement| privileged::is_needed(&statement.sql))
            || of_members.contains(&step.id)
    });
    let Some(first) = needing.next() else {
        return Ok(());
    };
    let row = client
        .query_one(QUERY, &[&PROVIDERS.as_slice()])
        .map_err(ApplyError::ledger)?;
    if row.get(0) {
        return Ok(());
    }
    let (role, provided): (String, bool) = (row.get(1), row.get(2));
    let level = match provided {
        true => Level::Warn,
        false => Level::Refuse,
    };
    let message = format!(
        "PostgreSQL lets only a superuser run step {} ({}), and role {role} is none",
        first.id, first.title
    );
    let help = "apply with a superuser, or let one run the statement first and plan again";
    findings.push(Finding::new(level, "preflight::superuser", message).help(help));
    Ok(())
}

/// The steps that grant something on what an extension of this plan makes: it belongs to a superuser, and GRANT by anybody
/// else does nothing but warn.
fn of_new_members(
    client: &mut Client,
    left: &[&StepRecord],
) -> Result<BTreeSet<String>, ApplyError> {
    const THERE: &str = "
        SELECT EXISTS (SELECT FROM pg_catalog.pg_proc o WHERE o.pronamespace = n.oid AND o.proname = w.name)
            OR EXISTS (SELECT FROM pg_catalog.pg_class o WHERE o.relnamespace = n.oid AND o.relname = w.name)
            OR EXISTS (SELECT FROM pg_catalog.pg_type o WHERE o.typnamespace = n.oid AND o.typname = w.name)
          FROM (VALUES ($1::pg_catalog.text, $2::pg_catalog.text)) w (schema, name)
          JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema";
    let mut steps = BTreeSet::new();
    let creates = |step: &&&StepRecord| {
        step.object.kind == KindTag::Extension && step.operation == "create extension"
    };
    if !left.iter().any(|step| creates(&step)) {
        return Ok(steps);
    }
    for step in left.iter().filter(|s| s.object.kind == KindTag::Grant) {
        let Some(target) = Grant::target_of(&step.object) else {
            continue;
        };
        let [schema, name, ..] = target.path.as_slice() else {
            continue;
        };
        let made = left.iter().any(|other| {
            other.object.kind != KindTag::Grant
                && other.object.path.get(..2) == target.path.get(..2)
        });
        let row = client
            .query_opt(THERE, &[schema, name])
            .map_err(ApplyError::ledger)?;
        if !made && !row.is_some_and(|row| row.get(0)) {
            steps.insert(step.id.clone());
        }
    }
    Ok(steps)
}
