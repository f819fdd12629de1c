//! Transactions that are old, and transaction ids that run out.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::apply::blocker::{self, Autovacuum};
use crate::pg::{Ident, LockMode, Qualified};
use crate::sql;
use postgres::Client;

/// The server warns from here on, and three million further on it refuses to write (manual, "Preventing
/// Transaction ID Wraparound Failures").
const NEARLY_OUT: i64 = (1 << 31) - 40_000_000;
/// `vacuum_failsafe_age`: vacuum leaves out all that can wait.
const OLD: i64 = 1_600_000_000;

// It does not yield to a lock, and its table may keep it for hours.
pub(super) fn autovacuum(
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

// Each batch of a backfill takes a transaction id.
pub(super) fn transaction_ids(
    client: &mut Client,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            datname::pg_catalog.text,
            GREATEST(pg_catalog.age(datfrozenxid), pg_catalog.mxid_age(datminmxid))::pg_catalog.int8 AS age
        FROM pg_catalog.pg_database
        ORDER BY age DESC
        LIMIT 1";
    const HOLDER: &str = "
        SELECT what
        FROM (
            SELECT 'pid ' || pid, GREATEST(pg_catalog.age(backend_xmin), pg_catalog.age(backend_xid))
            FROM pg_catalog.pg_stat_activity
            UNION ALL
            SELECT 'prepared transaction ' || gid, pg_catalog.age(transaction)
            FROM pg_catalog.pg_prepared_xacts
            UNION ALL
            SELECT 'replication slot ' || slot_name, GREATEST(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin))
            FROM pg_catalog.pg_replication_slots
        ) AS holder (what, age)
        WHERE age > 1000000
        ORDER BY age DESC
        LIMIT 1";
    let row = client.query_one(QUERY, &[]).map_err(ApplyError::ledger)?;
    let (database, age): (String, i64) = (row.get(0), row.get(1));
    let level = match age {
        NEARLY_OUT.. => Level::Refuse,
        OLD.. => Level::Warn,
        _ => return Ok(()),
    };
    let holder = client.query_opt(HOLDER, &[]).map_err(ApplyError::ledger)?;
    let first = holder.map_or_else(String::new, |row| {
        format!(
            "end {} first, which holds them back; ",
            row.get::<_, String>(0)
        )
    });
    let left = ((1 << 31) - age).max(0) / 1_000_000;
    findings.push(
        Finding::new(
            level,
            "preflight::wraparound",
            format!(
                "database {} has {left} million transaction ids left before the server refuses to write",
                Ident::new(database)
            ),
        )
        .help(format!("{first}{} in that database, as its owner", sql!("VACUUM (FREEZE)"))),
    );
    Ok(())
}

pub(super) fn old_transactions(
    client: &mut Client,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
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
