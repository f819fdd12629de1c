//! What is looked at before the first statement.

mod extensions;
mod given;
mod horizon;
mod labels;
mod leftovers;
mod readers;
mod rights;
mod room;
mod rows;
mod superuser;
mod writers;

pub(super) use rows::finding;

use super::executor::asked;
use super::{ApplyError, Options, Position, Session};
use crate::pg::Qualified;
use crate::plan::{Document, StepRecord};
use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Warn,
    /// Nothing is run.
    Refuse,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// The stable code, as in `warning[preflight::old_transaction]`.
    pub code: &'static str,
    pub message: String,
    pub help: Option<String>,
}

impl Finding {
    pub(super) fn new(level: Level, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            code,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{} ({help})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Looks at the live server with the eyes of the plan. Writes nothing.
///
/// # Errors
/// What a query says.
pub fn check(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    position: &Position,
) -> Result<Vec<Finding>, ApplyError> {
    let mut findings = Vec::new();
    server(session, plan, &mut findings)?;
    let relations = rights::touched(plan);
    rights::schemas_in_reach(&mut session.client, &relations, &mut findings)?;
    // On a standby nothing else matters, and some of it cannot be asked.
    if findings.iter().any(|f| f.level == Level::Refuse) {
        return Ok(findings);
    }
    let client = &mut session.client;
    let left: Vec<&StepRecord> = asked(plan, options)
        .map(|(_, step)| step)
        .filter(|step| !position.state(&step.id).is_done())
        .collect();
    rights::roles(client, plan, &mut findings)?;
    rights::owners(client, plan, &relations, &mut findings)?;
    given::check(client, plan, &mut findings)?;
    superuser::check(client, &left, &mut findings)?;
    extensions::check(client, &left, &mut findings)?;
    labels::check(client, &left, &mut findings)?;
    writers::check(client, plan, &left, &mut findings)?;
    rights::others(client, &left, &relations, options, &mut findings)?;
    rights::row_security(client, &left, &mut findings)?;
    leftovers::indexes(client, plan, position, &relations, &mut findings)?;
    leftovers::detaches(client, plan, position, &relations, &mut findings)?;
    leftovers::prepared(client, &relations, &mut findings)?;
    horizon::autovacuum(client, &relations, &mut findings)?;
    horizon::transaction_ids(client, &mut findings)?;
    horizon::old_transactions(client, &mut findings)?;
    let growths = room::growths(client, &left)?;
    room::check(client, &growths, &mut findings)?;
    if !growths.is_empty() {
        readers::check(client, &left, options, &mut findings)?;
    }
    rows::check(session, plan, options, position, &mut findings)?;
    findings.sort_by_key(|f| std::cmp::Reverse(f.level));
    Ok(findings)
}

fn server(
    session: &mut Session<'_>,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    // The session has default_transaction_read_only off; what role and database say is what reset_val has.
    const QUERY: &str = "
        SELECT
            pg_catalog.pg_is_in_recovery(),
            (SELECT reset_val = 'on' FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only')";
    let row = session
        .client
        .query_one(QUERY, &[])
        .map_err(ApplyError::ledger)?;
    if row.get(0) {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::standby",
                "this server is a standby: it takes no changes",
            )
            .help("connect to the primary"),
        );
    }
    if row.get(1) {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::read_only",
                "this role or database is read-only (default_transaction_read_only is on)",
            )
            .help("use another role, or ALTER ROLE … RESET default_transaction_read_only"),
        );
    }
    if session.version() != plan.server_version {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::server_version",
                format!(
                    "the plan was made for PostgreSQL {}, this server is {}",
                    plan.server_version,
                    session.version()
                ),
            )
            .help("plan again from this database"),
        );
    }
    Ok(())
}

fn split(relations: &[Qualified]) -> (Vec<&str>, Vec<&str>) {
    relations
        .iter()
        .map(|q| (q.schema.raw(), q.name.raw()))
        .unzip()
}
