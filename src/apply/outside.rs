//! Statements without time-outs, watched from a second session.
//!
//! A lock_timeout or statement_timeout cancels CREATE INDEX CONCURRENTLY and leaves an INVALID index; it
//! waits behind nobody's query and nobody's query waits behind it. So it runs with both off, and the second
//! session says what it waits for and how far it is.

use super::blocker;
use super::lock_retry::Failure;
use super::{Event, Observer, Options, Session, Stop};
use crate::pg::ServerVersion;
use postgres::Client;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Turns all time-outs of the session off, against what role or database have.
pub(super) fn without_timeouts(session: &mut Session<'_>) -> Result<(), postgres::Error> {
    session
        .client
        .batch_execute("SET lock_timeout = 0; SET statement_timeout = 0")?;
    if session.version() >= ServerVersion::V17 {
        session
            .client
            .batch_execute("SET transaction_timeout = 0")?;
    }
    Ok(())
}

/// Runs one statement and watches it.
///
/// It is cancelled when it waits for one lock longer than `options.max_concurrent_wait`: a `Stop`.
pub(super) fn watched(
    session: &mut Session<'_>,
    step: &str,
    statement: &str,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    let pid = session.pid();
    // Without a second connection (none left) the statement runs all the same.
    let mut watcher = session.second().ok();
    let mut waiting_since: Option<Instant> = None;
    let mut gave_up: Option<Stop> = None;
    let result = beside(
        &mut session.client,
        options.poll,
        |client| client.batch_execute(statement),
        || {
            let Some(look) = watcher.as_mut() else {
                return;
            };
            let Ok(blockers) = blocker::blocking(look, pid) else {
                watcher = None;
                return;
            };
            if blockers.is_empty() {
                waiting_since = None;
                if let Ok(Some(progress)) = progress(look, pid, step) {
                    observer.event(progress);
                }
                return;
            }
            let waited = waiting_since.get_or_insert_with(Instant::now).elapsed();
            if waited >= options.max_concurrent_wait && gave_up.is_none() {
                let cancel = "SELECT pg_catalog.pg_cancel_backend($1)";
                if look.execute(cancel, &[&pid]).is_ok() {
                    gave_up = Some(Stop::Waited {
                        step: step.to_owned(),
                        waited,
                        blockers: blockers.clone(),
                    });
                }
            }
            observer.event(Event::Waiting {
                step: Some(step.to_owned()),
                waiting: blockers,
                since: waited,
            });
        },
    );
    match (result, gave_up) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(stop)) => Err(Failure::Stop(stop)),
        (Err(source), None) => Err(Failure::Statement { place: 1, source }),
    }
}

/// Does `work` in the session, and calls `look` every `poll` until it is done.
pub(super) fn beside<T: Send>(
    client: &mut Client,
    poll: Duration,
    work: impl FnOnce(&mut Client) -> T + Send,
    mut look: impl FnMut(),
) -> T {
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(sender.send(work(client))));
        loop {
            match receiver.recv_timeout(poll) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => look(),
                // The thread sends whatever comes of the work; it ends without only when it panicked,
                // which the scope passes on.
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the thread of the statement ended without an answer")
                }
            }
        }
    })
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
