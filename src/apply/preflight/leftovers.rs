//! What earlier work has left half done on the tables of the plan.

use super::{Finding, Level, split};
use crate::apply::{ApplyError, Position, StepState, mention};
use crate::pg::Qualified;
use crate::plan::{Document, StepRecord};
use crate::sql;
use postgres::Client;
use std::collections::BTreeSet;

/// The steps of ours that clean up after themselves.
fn in_doubt<'a>(
    plan: &'a Document,
    position: &'a Position,
) -> impl Iterator<Item = &'a StepRecord> {
    plan.steps().map(|(_, step)| step).filter(|step| {
        matches!(
            position.state(&step.id),
            StepState::HalfDone | StepState::DoneUnrecorded | StepState::RollingBack { .. }
        )
    })
}

// An INVALID index of a step of ours that is in doubt is cleaned by that step.
pub(super) fn indexes(
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
            JOIN pg_catalog.pg_index i ON i.indrelid IN (t.oid, t.reltoastrelid)
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
    // Its name may be one of ours, and not the one of the step's object.
    let ours: BTreeSet<String> = in_doubt(plan, position)
        .flat_map(|step| step.statements.iter())
        .flat_map(|statement| mention::names(&statement.sql))
        .collect();
    let rows = client
        .query(QUERY, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        if ours.contains(&schema) && ours.contains(&name) {
            continue;
        }
        let index = Qualified::new(schema, name);
        let table = Qualified::new(row.get::<_, String>(2), row.get::<_, String>(3));
        let drop = sql!("DROP INDEX CONCURRENTLY {}", index);
        let raw = index.name.raw();
        // REINDEX CONCURRENTLY numbers them when there are several.
        let is_left = |mark: &str| {
            let plain = raw.trim_end_matches(|c: char| c.is_ascii_digit());
            plain.ends_with(mark)
        };
        let why = match is_left("_ccnew") || is_left("_ccold") {
            true => "a REINDEX CONCURRENTLY was broken off",
            false => "an index build failed earlier",
        };
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::invalid_index",
                format!("index {index} of {table} is INVALID: {why}"),
            )
            .help(drop.to_string()),
        );
    }
    Ok(())
}

// No partition of its table can be attached or detached until it is finished. One of a step of ours in doubt is
// finished by that step.
pub(super) fn detaches(
    client: &mut Client,
    plan: &Document,
    position: &Position,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT DISTINCT
            pn.nspname::pg_catalog.text,
            p.relname::pg_catalog.text,
            cn.nspname::pg_catalog.text,
            c.relname::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid AND t.relname = w.name
            JOIN pg_catalog.pg_inherits i ON t.oid IN (i.inhparent, i.inhrelid) AND i.inhdetachpending
            JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
            JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
        ORDER BY 1, 2, 3, 4";
    let (schemas, names) = split(relations);
    let rows = client
        .query(QUERY, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let parent = Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let partition = Qualified::new(row.get::<_, String>(2), row.get::<_, String>(3));
        let own = [partition.schema.raw(), partition.name.raw()];
        if in_doubt(plan, position).any(|step| step.object.path == own) {
            continue;
        }
        let finish = sql!(
            "ALTER TABLE {} DETACH PARTITION {} FINALIZE",
            parent,
            partition
        );
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::detach_pending",
                format!(
                    "partition {partition} of {parent} is DETACH PENDING: a DETACH CONCURRENTLY was broken off"
                ),
            )
            .help(finish.to_string()),
        );
    }
    Ok(())
}

pub(super) fn prepared(
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
