//! One transaction with the manners of locks.
//!
//! Most of the harm of DDL is the lock queue: a statement that waits for ACCESS EXCLUSIVE behind one old
//! reader stalls every later query of the table (docs: LOCKS.md, "What a live application feels"). So older
//! transactions are waited for outside the queue, then the lock is asked for with a short `lock_timeout`.

use super::blocker::{self, Blocker};
use super::error::is_lost;
use super::options::milliseconds;
use super::{Event, Observer, Options, Session, Stop};
use crate::pg::{LockMode, Sql};
use crate::plan::{StatementEvidence, StepRecord};
use crate::sql;
use postgres::error::SqlState;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The locks of a step that block the application, strongest mode per relation.
pub(super) fn blocking_locks(step: &StepRecord) -> Vec<(String, LockMode)> {
    let mut locks: BTreeMap<&str, LockMode> = BTreeMap::new();
    for (name, mode) in step.evidence.statements.iter().flat_map(|s| &s.locks) {
        if mode.blocks_reads() || mode.blocks_writes() {
            let strongest = locks.entry(name).or_insert(*mode);
            *strongest = (*strongest).max(*mode);
        }
    }
    locks
        .into_iter()
        .map(|(name, mode)| (name.to_owned(), mode))
        .collect()
}

/// Whether the step does work that grows with a table, under locks that block nobody (VALIDATE).
pub(super) fn is_long(step: &StepRecord) -> bool {
    let works = |s: &StatementEvidence| {
        !(s.scanned.is_empty() && s.rewritten.is_empty() && s.index_builds.is_empty())
    };
    blocking_locks(step).is_empty()
        && step
            .evidence
            .statements
            .iter()
            .all(|s| s.declared.is_none())
        && step.evidence.statements.iter().any(works)
}

/// One transaction: statements and the ledger's row.
pub(super) struct Work<'a> {
    pub step: &'a str,
    pub statements: Vec<&'a str>,
    /// The place of the first statement in its step, from 0.
    pub first_place: usize,
    pub of: usize,
    /// What it takes and others would wait behind.
    pub locks: Vec<(String, LockMode)>,
    /// Without time-outs, watched.
    pub long: bool,
}

/// Why a transaction did not come about. It was rolled back.
pub(super) enum Failure {
    Stop(Stop),
    Statement {
        place: usize,
        source: postgres::Error,
    },
}

/// Runs `work` until it is committed, and returns the number of attempts.
///
/// `record` is the ledger's row for an attempt number; it commits with the statements.
pub(super) fn transact(
    session: &mut Session<'_>,
    work: &Work<'_>,
    record: &dyn Fn(u32) -> Sql,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<u32, Failure> {
    let policy = &options.lock;
    let mut attempt = 0;
    loop {
        attempt += 1;
        wait_outside(session, work, options, observer)?;
        let (place, source) = match once(session, work, attempt, record, options, observer)? {
            Ok(()) => return Ok(attempt),
            Err(failed) => failed,
        };
        if !is_lost(&source) {
            drop(session.client.batch_execute("ROLLBACK"));
        }
        if !is_lock_failure(&source) {
            return Err(Failure::Statement { place, source });
        }
        let blockers = blocker::conflicting(&mut session.client, &work.locks).unwrap_or_default();
        if attempt >= policy.attempts {
            return Err(Failure::Stop(Stop::Attempts {
                step: work.step.to_owned(),
                attempts: attempt,
                blockers,
            }));
        }
        let pause = policy.pause_after(attempt, session.jitter());
        observer.event(Event::Retry {
            step: work.step.to_owned(),
            attempt,
            of: policy.attempts,
            pause,
            why: super::error::said(&source),
            blockers,
        });
        std::thread::sleep(pause);
    }
}

/// lock_timeout ran out, or the server broke a deadlock: nothing is wrong with the statement.
pub(super) fn is_lock_failure(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED
    )
}

type Attempt = Result<(), (usize, postgres::Error)>;

fn once(
    session: &mut Session<'_>,
    work: &Work<'_>,
    attempt: u32,
    record: &dyn Fn(u32) -> Sql,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Attempt, Failure> {
    let (lock, statement) = if work.long {
        (0, 0)
    } else {
        (
            milliseconds(options.lock.timeout_of(attempt)),
            milliseconds(options.statement_timeout),
        )
    };
    let begin = sql!(
        "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}",
        lock,
        statement
    );
    if let Err(source) = session.client.batch_execute(begin.as_str()) {
        return Ok(Err((work.first_place + 1, source)));
    }
    for (statement, place) in work.statements.iter().zip(work.first_place + 1..) {
        observer.event(Event::Statement {
            step: work.step.to_owned(),
            place,
            of: work.of,
        });
        let result = if work.long {
            super::outside::watched(session, work.step, statement, options, observer)
        } else {
            session
                .client
                .batch_execute(statement)
                .map_err(|source| Failure::Statement { place, source })
        };
        match result {
            Ok(()) => {}
            Err(Failure::Statement { source, .. }) => return Ok(Err((place, source))),
            Err(stop) => {
                drop(session.client.batch_execute("ROLLBACK"));
                return Err(stop);
            }
        }
    }
    observer.event(Event::Recording {
        step: work.step.to_owned(),
    });
    // In one round trip: the locks are held until the commit.
    let end = format!("{}; COMMIT", record(attempt));
    Ok(session
        .client
        .batch_execute(&end)
        .map_err(|source| (work.first_place + work.statements.len(), source)))
}

/// Waits until no transaction older than `lock.first` holds a conflicting lock, or is in the queue for one.
///
/// A younger one is expected to end within the time-out of the attempt: on a busy table there always is one.
fn wait_outside(
    session: &mut Session<'_>,
    work: &Work<'_>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    if work.locks.is_empty() {
        return Ok(());
    }
    let since = Instant::now();
    // The age of another role's transaction is hidden without pg_read_all_stats: then from first sight.
    let mut seen: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        let found = blocker::conflicting(&mut session.client, &work.locks);
        let found = found.map_err(|source| Failure::Statement {
            place: work.first_place + 1,
            source,
        })?;
        let mut hidden = false;
        let old: Vec<Blocker> = found
            .into_iter()
            .filter(|blocker| {
                let first_sight = *seen
                    .entry(blocker.transaction.clone())
                    .or_insert_with(Instant::now);
                let age = blocker.age.unwrap_or_else(|| first_sight.elapsed());
                hidden |= blocker.age.is_none() && age < options.lock.first;
                age >= options.lock.first
            })
            .collect();
        if old.is_empty() && !(hidden && since.elapsed() < options.lock.first * 2) {
            return Ok(());
        }
        let waited = since.elapsed();
        if !old.is_empty() {
            if waited >= options.lock.max_wait {
                return Err(Failure::Stop(Stop::Waited {
                    step: work.step.to_owned(),
                    waited,
                    blockers: old,
                }));
            }
            observer.event(Event::Waiting {
                step: Some(work.step.to_owned()),
                waiting: old,
                since: waited,
            });
        }
        std::thread::sleep(
            options
                .poll
                .min(options.lock.first)
                .max(Duration::from_millis(5)),
        );
    }
}
