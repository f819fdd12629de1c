//! Statements that PostgreSQL lets only a superuser run.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::plan::StepRecord;
use crate::scratch::privileged;
use postgres::Client;

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
    let mut needing = left.iter().filter(|step| {
        let mut statements = step.statements.iter();
        statements.any(|statement| privileged::is_needed(&statement.sql))
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
