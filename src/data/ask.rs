//! One check, one read-only transaction.

use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::data_check::{COUNTED, Names, Reach};
use crate::plan::{CheckRun, DataCheck, Verdict, Violation};
use crate::sql;
use postgres::error::SqlState;
use postgres::{Client, Transaction};
use std::time::Duration;

/// How much the live server is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one query.
    pub timeout: Duration,
    /// A larger table (its partitions together) is sampled, unless an index gives the answer.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_bytes: 1 << 30,
        }
    }
}

/// Counts the rows in the way of a step.
///
/// What a query fails on is a result, too: an unreadable table, a time-out, a name that does not
/// exist yet.
///
/// # Errors
/// When the connection is gone.
pub fn ask(
    client: &mut Client,
    check: &DataCheck,
    names: Names,
    version: ServerVersion,
    limits: Limits,
) -> Result<CheckRun, postgres::Error> {
    if let Violation::Untested { why } = &check.violation {
        return Ok(CheckRun::not_checked(why.as_str()));
    }
    match counted(client, check, names, version, limits) {
        Ok(run) => Ok(run),
        Err(error) if client.is_closed() => Err(error),
        Err(error) => Ok(refused(client, check, names, limits, &error)),
    }
}

fn counted(
    client: &mut Client,
    check: &DataCheck,
    names: Names,
    version: ServerVersion,
    limits: Limits,
) -> Result<CheckRun, postgres::Error> {
    let mut transaction = client.build_transaction().read_only(true).start()?;
    bounded(&mut transaction, limits)?;
    let Some(whole) = check.counting(names, Reach::Whole, version) else {
        return Ok(CheckRun::not_checked("no query tells it"));
    };
    for table in check.reads(names) {
        if let Some(foreign) = foreign_part(&mut transaction, &table)? {
            // A look at the rows here would open a connection to there.
            let why = format!("it would read the foreign table {foreign}");
            return Ok(CheckRun::not_checked(why));
        }
    }
    let bytes = match check.reads(names).first() {
        Some(table) => size(&mut transaction, table)?,
        None => 0,
    };
    let (query, sampled) = if bytes > limits.max_bytes && reads_all(&mut transaction, &whole)? {
        let percent = percent(limits.max_bytes, bytes);
        let sample = check.counting(names, Reach::Sample(percent), version);
        (sample.unwrap_or(whole), true)
    } else {
        (whole, false)
    };
    let found: i64 = transaction.query_one(query.as_str(), &[])?.get(0);
    transaction.rollback()?;
    Ok(CheckRun {
        verdict: match found {
            0 => Verdict::Allowed,
            _ => Verdict::Violated,
        },
        found: u64::try_from(found.min(COUNTED)).ok(),
        more: found > COUNTED,
        sampled,
        why: None,
    })
}

/// A tenth of what would be read as a whole.
fn percent(limit: u64, bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // a share needs no more digits
    let share = limit as f64 / bytes as f64;
    (share * 10.0).clamp(0.001, 50.0)
}

fn bounded(transaction: &mut Transaction<'_>, limits: Limits) -> Result<(), postgres::Error> {
    let milliseconds = i64::try_from(limits.timeout.as_millis())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::from(i32::MAX));
    let settings = sql!(
        "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; SET LOCAL jit = off; \
         SET LOCAL max_parallel_workers_per_gather = 0",
        milliseconds,
        milliseconds
    );
    transaction.batch_execute(settings.as_str())
}

/// The table $1.$2 with its partitions and what inherits from it.
const PARTS: &str = "
    WITH RECURSIVE part (oid) AS (
        SELECT c.oid
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2
         UNION
        SELECT i.inhrelid
          FROM pg_catalog.pg_inherits i
          JOIN part ON part.oid = i.inhparent
    )
    ";

fn size(transaction: &mut Transaction<'_>, table: &Qualified) -> Result<u64, postgres::Error> {
    const SIZE: &str =
        "SELECT coalesce(sum(pg_catalog.pg_relation_size(oid)), 0)::bigint FROM part";
    let query = format!("{PARTS}{SIZE}");
    let row = transaction.query_one(&query, &[&table.schema.raw(), &table.name.raw()])?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// A foreign table that a query of `table` reads: itself, a partition, one that inherits from it.
fn foreign_part(
    transaction: &mut Transaction<'_>,
    table: &Qualified,
) -> Result<Option<String>, postgres::Error> {
    const FOREIGN: &str = "
        SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text
          FROM part
          JOIN pg_catalog.pg_class c ON c.oid = part.oid AND c.relkind = 'f'
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         ORDER BY 1, 2
         LIMIT 1";
    let query = format!("{PARTS}{FOREIGN}");
    let row = transaction.query_opt(&query, &[&table.schema.raw(), &table.name.raw()])?;
    let name = row.map(|row| Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1)));
    Ok(name.map(|name| name.to_string()))
}

/// Whether the server would read a table from end to end.
fn reads_all(transaction: &mut Transaction<'_>, query: &Sql) -> Result<bool, postgres::Error> {
    let explain = sql!("EXPLAIN {}", query);
    let plan = transaction.query(explain.as_str(), &[])?;
    Ok(plan
        .iter()
        .any(|row| row.get::<_, &str>(0).contains("Seq Scan on ")))
}

/// What a query that the server refuses tells.
fn refused(
    client: &mut Client,
    check: &DataCheck,
    names: Names,
    limits: Limits,
    error: &postgres::Error,
) -> CheckRun {
    let Some(said) = error.as_db_error() else {
        return CheckRun::not_checked(error.to_string());
    };
    let code = said.code();
    // A value on which an expression fails (22: data exception) stops the step, too. What the
    // server says of it may quote the value.
    if code.code().starts_with("22") {
        return CheckRun {
            verdict: Verdict::Violated,
            why: Some(format!("a row makes it fail ({})", code.code())),
            ..CheckRun::not_checked("")
        };
    }
    CheckRun::not_checked(match *code {
        SqlState::QUERY_CANCELED => {
            format!("took longer than {} ms", limits.timeout.as_millis())
        }
        SqlState::LOCK_NOT_AVAILABLE => format!(
            "waited for a lock longer than {} ms",
            limits.timeout.as_millis()
        ),
        SqlState::INSUFFICIENT_PRIVILEGE => {
            missing_right(client, &check.reads(names)).unwrap_or_else(|| said.message().to_owned())
        }
        // Names and rules of SQL: no value is quoted.
        _ if code.code().starts_with("42") => {
            format!("{} ({})", said.message(), code.code())
        }
        _ => format!("the server refused the query ({})", code.code()),
    })
}

/// The GRANT that lets the role read `tables`.
fn missing_right(client: &mut Client, tables: &[Qualified]) -> Option<String> {
    const QUERY: &str = "
        SELECT current_user::pg_catalog.text,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
               pg_catalog.has_table_privilege(c.oid, 'SELECT')
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2";
    for table in tables {
        let row = client
            .query_opt(QUERY, &[&table.schema.raw(), &table.name.raw()])
            .ok()??;
        let role = Ident::new(row.get::<_, String>(0));
        let grant = match (row.get::<_, bool>(1), row.get::<_, bool>(2)) {
            (false, _) => sql!("GRANT USAGE ON SCHEMA {} TO {}", table.schema, role),
            (true, false) => sql!("GRANT SELECT ON {} TO {}", table, role),
            (true, true) => continue,
        };
        return Some(format!("role {role} may not read {table}: {grant}"));
    }
    None
}
