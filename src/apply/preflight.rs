//! What is looked at before the first statement.

use super::blocker::{self, Autovacuum};
use super::{ApplyError, Options, Position, Session, StepState, ledger};
use crate::data;
use crate::kinds::{KindTag, ObjectId};
use crate::pg::{Ident, LockMode, Qualified};
use crate::plan::data_check::Names;
use crate::plan::{CheckRun, DataCheck, Document, Fill, StepRecord, Verdict};
use crate::sql;
use postgres::Client;
use std::collections::BTreeSet;

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
    fn new(level: Level, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            code,
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
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
    // On a standby nothing else matters, and some of it cannot be asked.
    if findings.iter().any(|f| f.level == Level::Refuse) {
        return Ok(findings);
    }
    pooler(session, &mut findings)?;
    let client = &mut session.client;
    let relations = touched(plan);
    rights(client, &relations, options, &mut findings)?;
    row_security(client, plan, options, position, &mut findings)?;
    leftovers(client, plan, position, &relations, &mut findings)?;
    prepared(client, &relations, &mut findings)?;
    wraparound(client, &relations, &mut findings)?;
    old_transactions(client, &mut findings)?;
    rows(session, plan, options, position, &mut findings)?;
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

// Two sessions that are open at once have different server processes, unless a pooler lends one to both
// between transactions: then neither our advisory lock nor our settings hold.
fn pooler(session: &mut Session<'_>, findings: &mut Vec<Finding>) -> Result<(), ApplyError> {
    const PID: &str = "SELECT pg_catalog.pg_backend_pid()";
    let mut second = session
        .second()
        .map_err(|source| ApplyError::Connect { source })?;
    let mut transaction = second.transaction().map_err(ApplyError::ledger)?;
    let theirs: i32 = transaction
        .query_one(PID, &[])
        .map_err(ApplyError::ledger)?
        .get(0);
    transaction.rollback().map_err(ApplyError::ledger)?;
    let ours: i32 = session
        .client
        .query_one(PID, &[])
        .map_err(ApplyError::ledger)?
        .get(0);
    if theirs == ours || theirs == session.pid() || ours != session.pid() {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::pooler",
                "a pooler in transaction mode stands between: session locks and settings do not hold",
            )
            .help("connect to the server itself, or to a pool in session mode"),
        );
    }
    Ok(())
}

/// The relations that the plan touches, as schema and name.
fn touched(plan: &Document) -> Vec<Qualified> {
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

fn split(relations: &[Qualified]) -> (Vec<&str>, Vec<&str>) {
    relations
        .iter()
        .map(|q| (q.schema.raw(), q.name.raw()))
        .unzip()
}

fn rights(
    client: &mut Client,
    relations: &[Qualified],
    options: &Options,
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
        let grant = sql!(
            "GRANT {} TO {}",
            Ident::new(owner.as_str()),
            Ident::new(role.as_str())
        );
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::not_owner",
                format!("{name} belongs to {owner}, and role {role} is not a member of it"),
            )
            .help(grant.to_string()),
        );
    }
    const CREATE: &str = "
        SELECT
            pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let may_create: bool = client
        .query_one(CREATE, &[&options.ledger_schema.raw()])
        .map_err(ApplyError::ledger)?
        .get(0);
    if !may_create {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::ledger_right",
                format!(
                    "role has no right to create the schema {} of the ledger",
                    options.ledger_schema
                ),
            )
            .help(ledger::grant_create(client)),
        );
    }
    Ok(())
}

// Where policies judge the role's own statements, a backfill ends with 42501 (row_security is off in our
// sessions, so that it never skips a row silently).
fn row_security(
    client: &mut Client,
    plan: &Document,
    options: &Options,
    position: &Position,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT name, current_user::pg_catalog.text
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t(name)
        WHERE pg_catalog.row_security_active(pg_catalog.to_regclass(name)::pg_catalog.oid)
        ORDER BY 1";
    let left = plan.steps().filter(|(phase, step)| {
        options.phases.contains(phase) && !position.state(&step.id).is_done()
    });
    let tables: BTreeSet<String> = left.flat_map(|(_, step)| rows_of(step)).collect();
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

// An INVALID index of a step of ours that is in doubt is cleaned by that step.
fn leftovers(
    client: &mut Client,
    plan: &Document,
    position: &Position,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            n.nspname::pg_catalog.text,
            c.relname::pg_catalog.text,
            tn.nspname::pg_catalog.text,
            t.relname::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace tn ON tn.nspname = w.schema
            JOIN pg_catalog.pg_class t ON t.relnamespace = tn.oid AND t.relname = w.name
            JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid
            -- On a partitioned table an index is invalid until every partition has its own.
            AND c.relkind = 'i'
            -- One that is being built now has its builder's lock.
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid
            )
        ORDER BY 1, 2";
    let (schemas, names) = split(relations);
    let ours: BTreeSet<&[String]> = plan
        .steps()
        .filter(|(_, step)| {
            matches!(
                position.state(&step.id),
                StepState::HalfDone | StepState::DoneUnrecorded | StepState::RollingBack { .. }
            )
        })
        .map(|(_, step)| step.object.path.as_slice())
        .collect();
    let in_doubt = !ours.is_empty();
    let rows = client
        .query(QUERY, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        if in_doubt && ours.contains([schema.clone(), name.clone()].as_slice()) {
            continue;
        }
        let index = Qualified::new(schema, name);
        let table = Qualified::new(row.get::<_, String>(2), row.get::<_, String>(3));
        let drop = sql!("DROP INDEX CONCURRENTLY {}", index);
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::invalid_index",
                format!("index {index} of {table} is INVALID: an index build failed earlier"),
            )
            .help(drop.to_string()),
        );
    }
    Ok(())
}

fn prepared(
    client: &mut Client,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT DISTINCT
            p.gid,
            n.nspname::pg_catalog.text,
            c.relname::pg_catalog.text,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared)
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
            JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.relation = c.oid AND l.pid IS NULL
            JOIN pg_catalog.pg_locks x
                ON x.locktype = 'transactionid' AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
            JOIN pg_catalog.pg_prepared_xacts p
                ON p.transaction = x.transactionid
                AND p.database = pg_catalog.current_database()
        ORDER BY 1, 2, 3";
    let (schemas, names) = split(relations);
    let rows = client
        .query(QUERY, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let gid: String = row.get(0);
        let name = Qualified::new(row.get::<_, String>(1), row.get::<_, String>(2));
        let age: f64 = row.get(3);
        findings.push(
            Finding::new(
                Level::Warn,
                "preflight::prepared_transaction",
                format!("prepared transaction {gid:?}, {age:.0} s old, holds a lock on {name}"),
            )
            .help("COMMIT PREPARED or ROLLBACK PREPARED it: it does not end by itself"),
        );
    }
    Ok(())
}

// E6 once more: the rows may have changed since the plan, or the plan was never asked them. Here
// the expressions of the plan run as its statements will.
fn rows(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    position: &Position,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let left = |id: &str| !position.state(id).is_done();
    let renames = plan
        .steps()
        .any(|(_, s)| s.operation.starts_with("rename") && left(&s.id));
    let names = match renames {
        true => Names::BeforeRenames,
        false => Names::AfterRenames,
    };
    let version = session.version();
    let steps = plan
        .steps()
        .filter(|(phase, s)| options.phases.contains(phase) && left(&s.id));
    let mut asked: Vec<&DataCheck> = Vec::new();
    for check in steps.flat_map(|(_, s)| &s.checks) {
        let mended = check.mended_by.as_deref().is_some_and(left);
        // Adding a constraint and validating it ask the same.
        if mended || asked.contains(&check) {
            continue;
        }
        asked.push(check);
        let run = data::ask(&mut session.client, check, names, version, options.data)
            .map_err(ApplyError::ledger)?;
        let show = || check.showing(names, version).map(|s| s.to_string());
        findings.extend(finding(check, &run, show));
    }
    Ok(())
}

pub(super) fn finding(
    check: &DataCheck,
    run: &CheckRun,
    show: impl FnOnce() -> Option<String>,
) -> Option<Finding> {
    let what = &check.what;
    let why = run.why.as_deref().unwrap_or_default();
    match run.verdict {
        Verdict::Allowed => None,
        Verdict::NotChecked => {
            let message = format!("{what}: not checked: {why}");
            Some(Finding::new(Level::Warn, "preflight::not_checked", message))
        }
        Verdict::Violated => {
            let found = match run.found {
                Some(n) => format!(
                    "{}{n}{}",
                    if run.more { "more than " } else { "" },
                    if run.sampled { " in a sample" } else { "" }
                ),
                None => why.to_owned(),
            };
            let message = format!("rows are in the way: {what}: {found}");
            let finding = Finding::new(Level::Refuse, "preflight::rows", message);
            Some(match show() {
                Some(show) => finding.help(show),
                None => finding,
            })
        }
    }
}

// It does not yield to a lock, and its table may keep it for hours.
fn wraparound(
    client: &mut Client,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let locks: Vec<(String, LockMode)> = relations
        .iter()
        .map(|name| (name.to_string(), LockMode::ShareUpdateExclusive))
        .collect();
    let found = blocker::conflicting(client, &locks).map_err(ApplyError::ledger)?;
    for blocker in found {
        if blocker.autovacuum == Some(Autovacuum::Stays) {
            let message = format!("{blocker}: a step that locks this table waits for it");
            findings.push(Finding::new(Level::Warn, "preflight::wraparound", message));
        }
    }
    Ok(())
}

fn old_transactions(client: &mut Client, findings: &mut Vec<Finding>) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            pid,
            COALESCE(application_name, ''),
            COALESCE(state, ''),
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - xact_start),
            COALESCE(query, '')
        FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database()
            AND xact_start < pg_catalog.clock_timestamp() - interval '30 seconds'
            AND pid <> pg_catalog.pg_backend_pid()
            -- A worker of autovacuum is nobody's session.
            AND usesysid IS NOT NULL
        ORDER BY xact_start";
    for row in client.query(QUERY, &[]).map_err(ApplyError::ledger)? {
        let (pid, age): (i32, f64) = (row.get(0), row.get(3));
        let (application, state, query): (String, String, String) =
            (row.get(1), row.get(2), row.get(4));
        let query = blocker::query_head(&query);
        findings.push(Finding::new(
            Level::Warn,
            "preflight::old_transaction",
            format!(
                "pid {pid} ({application}, {state}) has a transaction open for {age:.0} s: {query}"
            ),
        ));
    }
    Ok(())
}
