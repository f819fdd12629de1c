//! Whether queries still name a column or table: two looks at pg_stat_statements, some time apart.
//!
//! The first look notes in the ledger how often each statement that names it has run. A later one
//! compares. A statement that fails leaves no row there, so after the rename nothing can be seen any more
//! (RULES: "The gate"): both looks come before it. A query that takes every column (`SELECT *`) names none.

use super::ApplyError;
use super::blocker::query_head;
use super::gate::seconds_of;
use super::ledger::Ledger;
use super::mention::{self, Target};
use crate::catalog::Scope;
use crate::kinds::{KindTag, ObjectId};
use crate::pg::{Ident, Sql, ident::Literal};
use crate::sql;
use postgres::error::SqlState;
use postgres::{Client, Row};
use std::collections::BTreeMap;

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Closed(String),
    /// The statements cannot be seen, or not all of them.
    Unaudited(String),
}

/// One look, as the ledger has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Snapshot {
    /// Of the server, UTC.
    at: String,
    /// The statistics are one unbroken row of counts as long as these stay.
    server_started: String,
    stats_reset: Option<String>,
    deallocated: Option<i64>,
    /// By role and query id.
    calls: BTreeMap<String, i64>,
}

/// What two looks say.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Compared {
    Quiet,
    StartsOver(String),
    /// The statement that ran, and how often.
    Used {
        key: String,
        times: i64,
    },
}

fn compare(before: &Snapshot, now: &Snapshot) -> Compared {
    if before.stats_reset != now.stats_reset {
        return Compared::StartsOver("pg_stat_statements was reset".to_owned());
    }
    // Without the time of the reset a restart may have lost the counts.
    if now.stats_reset.is_none() && before.server_started != now.server_started {
        return Compared::StartsOver("the server was restarted".to_owned());
    }
    if before.deallocated != now.deallocated {
        return Compared::StartsOver(
            "pg_stat_statements has thrown statements away (pg_stat_statements.max)".to_owned(),
        );
    }
    for (key, calls) in &before.calls {
        if now.calls.get(key).is_none_or(|n| n < calls) {
            return Compared::StartsOver(
                "the counts of a statement that names it were reset".to_owned(),
            );
        }
    }
    for (key, calls) in &now.calls {
        let times = calls - before.calls.get(key).copied().unwrap_or(0);
        if times > 0 {
            return Compared::Used {
                key: key.clone(),
                times,
            };
        }
    }
    Compared::Quiet
}

/// Looks at the queries and compares with what was noted; notes what it sees where that is the first look,
/// or where the audit starts over.
pub(super) fn look(
    client: &mut Client,
    ledger: &Ledger,
    object: &ObjectId,
    seconds: u64,
) -> Result<Verdict, ApplyError> {
    let Some(target) = target(client, object)? else {
        // What is not there is named by nothing that works.
        return Ok(Verdict::Passed);
    };
    let human = object.human();
    if let Some(user) = user(client, &target)? {
        return Ok(Verdict::Closed(format!("{user} uses {human}")));
    }
    let (now, texts) = match statements(client, &target)? {
        Ok(seen) => seen,
        Err(why) => return Ok(Verdict::Unaudited(why)),
    };
    ledger.create_audit(client)?;
    let Some((before, due, until)) = read(client, ledger, object, seconds)? else {
        write(client, ledger, object, &now)?;
        return Ok(Verdict::Closed(format!(
            "the queries that name {human}: first look {}, the second {} later",
            to_the_second(&now.at),
            crate::plan::gate::interval(seconds)
        )));
    };
    let over = |why: &str| {
        format!(
            "{why} since {}; the audit of {human} starts over",
            before.at
        )
    };
    Ok(match compare(&before, &now) {
        Compared::Quiet if due => Verdict::Passed,
        Compared::Quiet => Verdict::Closed(format!(
            "no query has named {human} since {}; the second look counts from {until}",
            before.at
        )),
        Compared::StartsOver(why) => {
            write(client, ledger, object, &now)?;
            Verdict::Closed(over(&why))
        }
        Compared::Used { key, times } => {
            write(client, ledger, object, &now)?;
            let text = texts.get(&key).map_or("", String::as_str);
            let what = format!(
                "a query that names it ran {times} times ({})",
                query_head(text)
            );
            Verdict::Closed(over(&what))
        }
    })
}

/// A time without its fraction, as all others are shown.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

/// When the first look was, and from when the second counts; `None` before the first.
pub(super) fn noted(
    client: &mut Client,
    ledger: &Ledger,
    object: &ObjectId,
    seconds: u64,
) -> Result<Option<(String, String)>, ApplyError> {
    if !ledger.has_audit(client)? {
        return Ok(None);
    }
    let read = read(client, ledger, object, seconds)?;
    Ok(read.map(|(snapshot, _, until)| (snapshot.at, until)))
}

/// The look is used up: what was seen before a rename says nothing about the time after it.
pub(super) fn forget(ledger: &Ledger, object: &ObjectId) -> Sql {
    sql!(
        "DELETE FROM {}.audit WHERE object = {}",
        ledger.schema(),
        Literal(&object.to_string())
    )
}

fn read(
    client: &mut Client,
    ledger: &Ledger,
    object: &ObjectId,
    seconds: u64,
) -> Result<Option<(Snapshot, bool, String)>, ApplyError> {
    let query = sql!(
        "SELECT
            pg_catalog.to_char(looked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            server_started,
            stats_reset,
            deallocated,
            calls::pg_catalog.text,
            looked_at + pg_catalog.make_interval(secs => $2) <= pg_catalog.clock_timestamp(),
            pg_catalog.to_char((looked_at + pg_catalog.make_interval(secs => $2)) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
         FROM {}.audit
         WHERE object = $1",
        ledger.schema()
    );
    let row = client
        .query_opt(query.as_str(), &[&object.to_string(), &seconds_of(seconds)])
        .map_err(ApplyError::ledger)?;
    Ok(row.map(|row| {
        let snapshot = Snapshot {
            at: row.get(0),
            server_started: row.get(1),
            stats_reset: row.get(2),
            deallocated: row.get(3),
            // Somebody else's writing in our table: then no count is known, and the audit starts over.
            calls: serde_json::from_str(row.get(4)).unwrap_or_default(),
        };
        (snapshot, row.get(5), row.get(6))
    }))
}

fn write(
    client: &mut Client,
    ledger: &Ledger,
    object: &ObjectId,
    now: &Snapshot,
) -> Result<(), ApplyError> {
    let calls = serde_json::to_string(&now.calls).unwrap_or_default();
    let query = sql!(
        "INSERT INTO {}.audit (object, looked_at, server_started, stats_reset, deallocated, calls)
         VALUES ($1, $2::pg_catalog.text::timestamptz, $3, $4, $5, $6::pg_catalog.text::jsonb)
         ON CONFLICT (object) DO UPDATE SET
            looked_at = excluded.looked_at,
            server_started = excluded.server_started,
            stats_reset = excluded.stats_reset,
            deallocated = excluded.deallocated,
            calls = excluded.calls",
        ledger.schema()
    );
    let values: [&(dyn postgres::types::ToSql + Sync); 6] = [
        &object.to_string(),
        &now.at,
        &now.server_started,
        &now.stats_reset,
        &now.deallocated,
        &calls,
    ];
    client
        .execute(query.as_str(), &values)
        .map_err(ApplyError::ledger)?;
    Ok(())
}

/// The relation and column as the live server has them now; `None` where they are not there.
fn target(client: &mut Client, object: &ObjectId) -> Result<Option<Target>, ApplyError> {
    let (schema, table, column) = match (object.kind, object.path.as_slice()) {
        (KindTag::Column, [schema, table, column]) => (schema, table, Some(column)),
        (_, [schema, table]) => (schema, table, None),
        _ => return Ok(None),
    };
    const RELATION: &str = "
        SELECT c.oid
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2";
    let found = client
        .query_opt(RELATION, &[schema, table])
        .map_err(ApplyError::ledger)?;
    let Some(found) = found else {
        return Ok(None);
    };
    let oid: u32 = found.get(0);
    let Some(column) = column else {
        return Ok(Some(Target::table(oid, schema, table)));
    };
    // A name that other relations have too says nothing alone; partitions and heirs are no others.
    const COLUMN: &str = "
        SELECT
            a.attnum,
            EXISTS (
                SELECT FROM pg_catalog.pg_attribute o
                    JOIN pg_catalog.pg_class c ON c.oid = o.attrelid
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE o.attname = a.attname
                    AND NOT o.attisdropped
                    AND o.attrelid <> a.attrelid
                    AND o.attinhcount = 0
                    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
            )
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1 AND a.attname = $2 AND NOT a.attisdropped";
    let found = client
        .query_opt(COLUMN, &[&oid, column])
        .map_err(ApplyError::ledger)?;
    Ok(found.map(|row| {
        let (number, shared): (i16, bool) = (row.get(0), row.get(1));
        Target::column(oid, number, schema, table, column, shared)
    }))
}

/// A function whose text names it, or something that depends on it and stays.
fn user(client: &mut Client, target: &Target) -> Result<Option<String>, ApplyError> {
    // What the plan drops first is gone by now. What falls with the table (its own policies, triggers,
    // rules) is no user of it.
    const DEPENDENTS: &str = "
        SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
        FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid = $1
            AND ($2 = 0 OR d.refobjsubid = $2)
            AND d.deptype = 'n'
            AND d.classid IN (
                'pg_catalog.pg_rewrite'::pg_catalog.regclass,
                'pg_catalog.pg_policy'::pg_catalog.regclass,
                'pg_catalog.pg_trigger'::pg_catalog.regclass,
                'pg_catalog.pg_proc'::pg_catalog.regclass
            )
            AND ($2 <> 0 OR NOT EXISTS (
                SELECT FROM pg_catalog.pg_policy p WHERE p.oid = d.objid AND p.polrelid = $1
                UNION ALL
                SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = $1
                UNION ALL
                SELECT FROM pg_catalog.pg_rewrite r WHERE r.oid = d.objid AND r.ev_class = $1
            ))
        ORDER BY 1
        LIMIT 1";
    let number = i32::from(target.number());
    let found = client
        .query_opt(DEPENDENTS, &[&target.oid(), &number])
        .map_err(ApplyError::ledger)?;
    if let Some(row) = found {
        return Ok(row.get(0));
    }
    // Bodies that are strings have no row in pg_depend.
    const BODIES: &str = "
        SELECT
            p.oid::pg_catalog.regprocedure::pg_catalog.text,
            p.prosrc,
            EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid AND t.tgrelid = $1)
        FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE l.lanname NOT IN ('c', 'internal')
            AND p.prosqlbody IS NULL
            AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            AND pg_catalog.strpos(pg_catalog.lower(p.prosrc), $2) > 0
            -- What keeps an old and a new column alike is ours, and goes with the old one.
            AND NOT pg_catalog.starts_with(p.proname::pg_catalog.text, $3)
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend e
                WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                    AND e.objid = p.oid AND e.deptype = 'e'
            )
        ORDER BY 1";
    let rows = client
        .query(BODIES, &[&target.oid(), &target.hint(), &Scope::OWN_PREFIX])
        .map_err(ApplyError::ledger)?;
    let names = |row: &&Row| {
        let body = mention::words(row.get(1), mention::Strings::Read);
        target.is_in(&body, row.get(2))
    };
    Ok(rows
        .iter()
        .find(names)
        .map(|row| format!("the body of function {}", row.get::<_, String>(0))))
}

type Seen = (Snapshot, BTreeMap<String, String>);

/// The statements that name the target, or why they cannot be seen.
fn statements(client: &mut Client, target: &Target) -> Result<Result<Seen, String>, ApplyError> {
    const EXTENSION: &str = "
        SELECT n.nspname::pg_catalog.text
        FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'";
    let found = client
        .query_opt(EXTENSION, &[])
        .map_err(ApplyError::ledger)?;
    let Some(found) = found else {
        return Ok(Err(
            "the extension pg_stat_statements is not in this database".to_owned(),
        ));
    };
    let schema = Ident::new(found.get::<_, String>(0));
    let now = sql!(
        "SELECT
            pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
            pg_catalog.pg_postmaster_start_time()::pg_catalog.text,
            pg_catalog.current_setting('pg_stat_statements.track', true),
            pg_catalog.to_regclass({}) IS NOT NULL",
        Literal(&sql!("{}.pg_stat_statements_info", schema).to_string())
    );
    let row = client
        .query_one(now.as_str(), &[])
        .map_err(ApplyError::ledger)?;
    if row.get::<_, Option<&str>>(2) == Some("none") {
        return Ok(Err(
            "pg_stat_statements.track is none: statements are not counted".to_owned(),
        ));
    }
    let mut snapshot = Snapshot {
        at: row.get(0),
        server_started: row.get(1),
        ..Snapshot::default()
    };
    let unseen = |error: postgres::Error| match error.code() {
        Some(code) if *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => Ok(Err(
            "pg_stat_statements is not in shared_preload_libraries".to_owned(),
        )),
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            Ok(Err("this role may not read pg_stat_statements".to_owned()))
        }
        _ => Err(ApplyError::ledger(error)),
    };
    // Since version 1.9 of the extension; an older one may have come along from an older server.
    if row.get(3) {
        let info = sql!(
            "SELECT stats_reset::pg_catalog.text, dealloc FROM {}.pg_stat_statements_info",
            schema
        );
        match client.query_one(info.as_str(), &[]) {
            Ok(row) => {
                snapshot.stats_reset = row.get(0);
                snapshot.deallocated = row.get(1);
            }
            Err(error) => return unseen(error),
        }
    }
    let query = sql!(
        "SELECT
            s.userid::pg_catalog.text,
            s.queryid::pg_catalog.text,
            s.calls,
            s.query
         FROM {}.pg_stat_statements s
         WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND (s.queryid IS NULL OR pg_catalog.strpos(pg_catalog.lower(s.query), $1) > 0)
         ORDER BY 1, 2",
        schema
    );
    let rows = match client.query(query.as_str(), &[&target.hint()]) {
        Ok(rows) => rows,
        Err(error) => return unseen(error),
    };
    let mut texts = BTreeMap::new();
    for row in rows {
        let (role, id): (String, Option<String>) = (row.get(0), row.get(1));
        let Some(id) = id else {
            return Ok(Err(
                "this role may not see the queries of other roles (GRANT pg_read_all_stats)"
                    .to_owned(),
            ));
        };
        let text: Option<String> = row.get(3);
        let text = text.unwrap_or_default();
        let words = mention::words(&text, mention::Strings::Skipped);
        if !mention::is_of_application(&words) || !target.is_in(&words, false) {
            continue;
        }
        let key = format!("{role} {id}");
        *snapshot.calls.entry(key.clone()).or_default() += row.get::<_, i64>(2);
        texts.insert(key, text);
    }
    Ok(Ok((snapshot, texts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(calls: &[(&str, i64)]) -> Snapshot {
        Snapshot {
            at: "now".to_owned(),
            server_started: "monday".to_owned(),
            stats_reset: Some("sunday".to_owned()),
            deallocated: Some(3),
            calls: calls.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect(),
        }
    }

    #[test]
    fn only_unbroken_counts_that_stand_still_are_quiet() {
        let before = at(&[("1 7", 5)]);
        assert_eq!(compare(&before, &before), Compared::Quiet);
        let used = |key: &str, times| Compared::Used {
            key: key.to_owned(),
            times,
        };
        assert_eq!(compare(&before, &at(&[("1 7", 6)])), used("1 7", 1));
        assert_eq!(
            compare(&before, &at(&[("1 7", 5), ("1 8", 2)])),
            used("1 8", 2)
        );
        let broken = [
            at(&[]),
            at(&[("1 7", 4)]),
            Snapshot {
                stats_reset: Some("today".to_owned()),
                ..before.clone()
            },
            Snapshot {
                deallocated: Some(4),
                ..before.clone()
            },
        ];
        for now in broken {
            assert!(
                matches!(compare(&before, &now), Compared::StartsOver(_)),
                "{now:?}"
            );
        }
        // A restart that kept the counts is none of these.
        let restarted = Snapshot {
            server_started: "tuesday".to_owned(),
            ..before.clone()
        };
        assert_eq!(compare(&before, &restarted), Compared::Quiet);
        let old = |s: Snapshot| Snapshot {
            stats_reset: None,
            ..s
        };
        assert!(matches!(
            compare(&old(before), &old(restarted)),
            Compared::StartsOver(_)
        ));
    }
}
