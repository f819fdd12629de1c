//! Whether the server has the packages of the extensions that the plan makes or updates.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::plan::StepRecord;
use crate::source::extension::Installs;
use postgres::Client;

/// Whether there is such an extension, in such a version; and whether pg_tle is there, whose extensions are in no list.
const AVAILABLE: &str = "
    SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
                    WHERE v.name = $1::text::name AND v.version = coalesce($2::text, v.version))
        OR EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_tle')";

/// Whether scripts lead from the version that is there to another one.
const LEADS_TO: &str = "
    SELECT coalesce((SELECT path IS NOT NULL FROM pg_catalog.pg_extension_update_paths($1::text::name)
                      WHERE source = e.extversion AND target = $2::text)
                  , e.extversion = $2::text)
        OR EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_tle')
      FROM pg_catalog.pg_extension e WHERE e.extname = $1::text::name";

pub(super) fn check(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    for step in left {
        for statement in &step.statements {
            let Some(needed) = Installs::by(&statement.sql) else {
                continue;
            };
            let (name, version) = (&needed.name, &needed.version);
            let question = if needed.is_update {
                LEADS_TO
            } else {
                AVAILABLE
            };
            let answer = client
                .query_opt(question, &[name, version])
                .map_err(ApplyError::ledger)?;
            if answer.is_some_and(|row| row.get(0)) {
                continue;
            }
            let version = version.as_deref().unwrap_or_default();
            let missing = match (needed.is_update, version) {
                (true, _) => format!("no way from the version of extension {name} to {version}"),
                (false, "") => format!("no extension {name}"),
                (false, _) => format!("no version {version} of extension {name}"),
            };
            let message = format!(
                "this server has {missing}, which step {} ({}) needs",
                step.id, step.title
            );
            findings.push(
                Finding::new(Level::Refuse, "preflight::extension", message).help(
                    "install its package on the server; SELECT * FROM pg_available_extension_versions shows what is there",
                ),
            );
        }
    }
    Ok(())
}
