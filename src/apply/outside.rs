//! Statements without time-outs, watched from a second session.
//!
//! A lock_timeout or statement_timeout cancels CREATE INDEX CONCURRENTLY and leaves an INVALID index; it
//! waits behind nobody's query and nobody's query waits behind it. So it runs with both off, and the second
//! session says what it waits for and how far it is. It may take hours: a run that is told to stop cancels it.

use super::blocker;
use super::executor::is_missing;
use super::lock_retry::{Attempts, Enders, Failure, Manner};
use super::watch::{self, Watch, beside};
use super::{Event, Observer, Options, Session, Stop};
use crate::pg::ServerVersion;
use crate::pg::session::{NO_PATH, PATH_OF_THE_ROLE};
use crate::plan::StepRecord;
use postgres::Client;
use std::time::Instant;

/// Runs one statement with all time-outs of the session off, against what role or database have.
pub(super) fn run(
    session: &mut Session<'_>,
    step: &str,
    statement: &str,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    let mut off = format!("{PATH_OF_THE_ROLE}; SET lock_timeout = 0; SET statement_timeout = 0");
    if session.version() >= ServerVersion::V17 {
        off.push_str("; SET transaction_timeout = 0");
    }
    let send = session.client.batch_execute(&off);
    send.map_err(|source| Failure::Statement { place: 1, source })?;
    let result = watched(session, step, statement, options, observer);
    // A session that is gone needs no setting.
    let reading = format!("{NO_PATH}; {}", super::session::READING);
    drop(session.client.batch_execute(&reading));
    result
}

/// Removes what is half done; what is not there need not be removed.
///
/// FINALIZE of a DETACH takes the lock that the step itself waited for: it is tried again as that is.
pub(super) fn clean(
    session: &mut Session<'_>,
    step: &StepRecord,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    for statement in &step.clean {
        let mut attempts = Attempts::new(&step.id);
        loop {
            attempts.begin();
            match run(session, &step.id, statement, options, observer) {
                Ok(()) => break,
                Err(failure) if failure.is(is_missing) => break,
                Err(failure) if failure.is_passing() => attempts
                    .pause(failure.said(), Vec::new(), session, options, observer)
                    .map_err(Failure::Stop)?,
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(())
}

/// What a statement of the step that was cancelled has left behind.
pub(super) fn left(session: &mut Session<'_>, step: &StepRecord) -> Option<String> {
    const QUERY: &str = "
        SELECT name
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
            JOIN pg_catalog.pg_index i ON i.indexrelid = pg_catalog.to_regclass(name)
        WHERE NOT i.indisvalid
        LIMIT 1";
    let evidence = step.evidence.statements.iter();
    let builds: Vec<&str> = evidence
        .flat_map(|s| s.index_builds.iter().map(String::as_str))
        .collect();
    // Without an answer there is nothing to say.
    let row = session.client.query_opt(QUERY, &[&builds]).ok()??;
    let index: String = row.get(0);
    Some(format!(
        "index {index} is left INVALID: the next run drops it and builds it again, a rollback drops it"
    ))
}

/// Runs one statement and watches it.
///
/// It is cancelled when the run is told to stop, and when it waits for one lock longer than
/// `options.max_concurrent_wait`: a `Stop`. And when the application waits for it, as for DETACH CONCURRENTLY, which
/// ends with ACCESS EXCLUSIVE on the partition.
pub(super) fn watched(
    session: &mut Session<'_>,
    step: &str,
    statement: &str,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    let pid = session.pid();
    let mut watch = Watch::new(&options.lock, Manner::Long);
    let mut enders = Enders::new(options);
    let mut waiting_since: Option<Instant> = None;
    let mut gave_up: Option<Stop> = None;
    let (client, watcher) = session.pair();
    let result = beside(
        client,
        options.poll.min(watch::poll(&options.lock)),
        |client| client.batch_execute(statement),
        || {
            let Some(look) = watcher.as_mut() else {
                return;
            };
            if gave_up.is_none()
                && options.brake.interrupt.is_set()
                && blocker::cancel(look, pid).is_ok()
            {
                gave_up = Some(Stop::Interrupted);
            }
            let Ok(blockers) = blocker::blocking(look, pid) else {
                *watcher = None;
                return;
            };
            if watch.give_way(look, pid).is_err() {
                *watcher = None;
                return;
            }
            if blockers.is_empty() {
                waiting_since = None;
                if let Ok(Some(progress)) = progress(look, pid, step) {
                    observer.event(progress);
                }
                return;
            }
            let waited = waiting_since.get_or_insert_with(Instant::now).elapsed();
            if waited >= options.max_concurrent_wait
                && gave_up.is_none()
                && blocker::cancel(look, pid).is_ok()
            {
                gave_up = Some(Stop::Waited {
                    step: step.to_owned(),
                    waited,
                    blockers: blockers.clone(),
                });
            }
            observer.event(Event::Waiting {
                step: Some(step.to_owned()),
                phase: phase(look, pid).unwrap_or_default(),
                waiting: blockers.clone(),
                since: waited,
            });
            enders.end(look, &blockers, observer);
        },
    );
    match (result, gave_up) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(stop)) => Err(Failure::Stop(stop)),
        (Err(source), None) => Err(watch.failure(source)),
    }
}

// How many of those that it waits for in this phase are gone.
fn phase(client: &mut Client, pid: i32) -> Result<Option<String>, postgres::Error> {
    const QUERY: &str = "
        SELECT p.phase, p.lockers_done, p.lockers_total
        FROM pg_catalog.pg_stat_progress_create_index p
        WHERE p.pid = $1";
    Ok(client.query_opt(QUERY, &[&pid])?.and_then(|row| {
        let (done, total): (Option<i64>, Option<i64>) = (row.get(1), row.get(2));
        let phase: String = row.get::<_, Option<_>>(0)?;
        Some(match (done, total) {
            (Some(done), Some(total)) if total > 1 => format!("{phase}, {done} of {total} gone"),
            _ => phase,
        })
    }))
}

// Blocks while the table is read, else the lockers or partitions that are waited for.
fn progress(client: &mut Client, pid: i32, step: &str) -> Result<Option<Event>, postgres::Error> {
    const QUERY: &str = "
        SELECT
            p.phase,
            CASE WHEN p.tuples_total > 0 THEN p.tuples_done ELSE p.blocks_done END,
            CASE WHEN p.tuples_total > 0 THEN p.tuples_total ELSE p.blocks_total END,
            CASE WHEN p.tuples_total > 0 THEN 'tuples' ELSE 'blocks' END
        FROM pg_catalog.pg_stat_progress_create_index p
        WHERE p.pid = $1";
    Ok(client.query_opt(QUERY, &[&pid])?.map(|row| {
        let number = |i| {
            let n: Option<i64> = row.get(i);
            n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
        };
        let (phase, unit): (Option<String>, String) = (row.get(0), row.get(3));
        Event::Progress {
            step: step.to_owned(),
            done: number(1),
            total: number(2),
            what: format!("{unit}, {}", phase.unwrap_or_default()),
        }
    }))
}
