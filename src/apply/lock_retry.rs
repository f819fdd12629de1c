//! One transaction with the manners of locks.
//!
//! Most of the harm of DDL is the lock queue: a statement that waits for ACCESS EXCLUSIVE behind one old
//! reader stalls every later query of the table (docs: LOCKS.md, "What a live application feels"). So older
//! transactions are waited for outside the queue, then the lock is asked for with a short `lock_timeout`.

use super::blocker::{self, Autovacuum, Blocker, Waiter};
use super::error::is_lost;
use super::options::milliseconds;
use super::watch::Watch;
use super::{Event, Observer, Options, Session, Stop, brake, outside};
use crate::pg::session::PATH_OF_THE_ROLE_HERE;
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{LockMode, Sql};
use crate::plan::{Impact, StatementEvidence, StepRecord};
use crate::sql;
use postgres::Client;
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

/// How long a transaction may stand in the way of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Its locks stop the application: they are asked for with a short time-out, and given up when somebody
    /// waits.
    Brief,
    /// It works under such locks, with leave: they are given up only while it waits for more of them.
    WithLeave,
    /// Its locks stop nobody of the application.
    Harmless,
    /// The same, and its work grows with a table (VALIDATE): without time-outs.
    Long,
}

impl Manner {
    pub(super) fn of(step: &StepRecord) -> Self {
        let works = |s: &StatementEvidence| {
            !(s.scanned.is_empty() && s.rewritten.is_empty() && s.index_builds.is_empty())
        };
        let statements = &step.evidence.statements;
        let is_measured = statements.len() == step.statements.len()
            && statements.iter().all(|s| s.declared.is_none());
        match (blocking_locks(step).is_empty(), step.evidence.impact) {
            (false, Impact::Blocking) => Self::WithLeave,
            (true, _) if is_measured && statements.iter().any(works) => Self::Long,
            (true, _) if is_measured => Self::Harmless,
            _ => Self::Brief,
        }
    }
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
    pub manner: Manner,
}

/// Why a transaction did not come about. It was rolled back.
pub(super) enum Failure {
    Stop(Stop),
    Statement {
        place: usize,
        source: postgres::Error,
    },
    /// It was cancelled because the application waited for it: to be tried again.
    GaveWay(Waiter),
}

impl Failure {
    /// The same, of the statement at `place`.
    pub(super) fn at(self, place: usize) -> Self {
        match self {
            Self::Statement { source, .. } => Self::Statement { place, source },
            other => other,
        }
    }

    /// Whether the server refused the statement in the way that `is` knows.
    pub(super) fn is(&self, is: fn(&postgres::Error) -> bool) -> bool {
        matches!(self, Self::Statement { source, .. } if is(source))
    }

    /// Whether nothing is wrong with the statement: others were in the way.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::GaveWay(_)) || self.is(is_lock_failure)
    }

    /// What a person is told.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Stop(stop) => stop.to_string(),
            Self::Statement { source, .. } => super::error::said(source),
            Self::GaveWay(waiter) => waiter.to_string(),
        }
    }

    /// Whether the session is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.is(is_lost)
    }
}

/// Counts the attempts at what ran into others.
pub(super) struct Attempts<'a> {
    step: &'a str,
    made: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(step: &'a str) -> Self {
        Self { step, made: 0 }
    }

    /// The number of the attempt that begins, from 1.
    pub(super) fn begin(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// Says that the attempt failed, and pauses before the next one; a stop after `lock.attempts`.
    pub(super) fn pause(
        &self,
        why: String,
        blockers: Vec<Blocker>,
        session: &mut Session<'_>,
        options: &Options,
        observer: &mut dyn Observer,
    ) -> Result<(), Stop> {
        let policy = &options.lock;
        if self.made >= policy.attempts {
            return Err(Stop::Attempts {
                step: self.step.to_owned(),
                attempts: self.made,
                why,
                blockers,
            });
        }
        let pause = policy.pause_after(self.made, session.jitter());
        observer.event(Event::Retry {
            step: self.step.to_owned(),
            attempt: self.made,
            of: policy.attempts,
            pause,
            why,
            blockers,
        });
        brake::rest(pause, options);
        // A connection that is lost is found out by what comes next.
        match brake::check(session, options) {
            Ok(Some(stop)) => Err(stop),
            Ok(None) | Err(_) => Ok(()),
        }
    }
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
    let mut attempts = Attempts::new(work.step);
    loop {
        let number = attempts.begin();
        let vacuumed = wait_outside(session, work, options, observer)?;
        let mut attempt = Attempt {
            work,
            number,
            options,
            watch: Watch::new(&options.lock, work.manner),
        };
        let failure = match attempt.go(session, &vacuumed, record, observer) {
            Ok(()) => return Ok(number),
            Err(failure) => failure,
        };
        if !failure.is_lost() {
            drop(session.client.batch_execute("ROLLBACK"));
        }
        if !failure.is_passing() {
            return Err(failure);
        }
        let mut blockers = attempt.watch.blockers;
        if blockers.is_empty() {
            blockers = blocker::conflicting(&mut session.client, &work.locks).unwrap_or_default();
        }
        attempts
            .pause(failure.said(), blockers, session, options, observer)
            .map_err(Failure::Stop)?;
    }
}

/// lock_timeout ran out, or the server broke a deadlock: nothing is wrong with the statement.
pub(super) fn is_lock_failure(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED
    )
}

/// One attempt at a transaction.
struct Attempt<'a> {
    work: &'a Work<'a>,
    number: u32,
    options: &'a Options,
    watch: Watch<'a>,
}

impl Attempt<'_> {
    fn go(
        &mut self,
        session: &mut Session<'_>,
        vacuumed: &[String],
        record: &dyn Fn(u32) -> Sql,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let (work, options) = (self.work, self.options);
        let at = |place| move |source| Failure::Statement { place, source };
        let statement_timeout = milliseconds(options.statement_timeout);
        let (lock, statement) = match work.manner {
            Manner::Long => (0, 0),
            Manner::Harmless => (milliseconds(options.lock.timeout), statement_timeout),
            Manner::Brief | Manner::WithLeave => (
                milliseconds(options.lock.timeout_of(self.number)),
                statement_timeout,
            ),
        };
        let begin = sql!(
            "BEGIN; {}; SET LOCAL statement_timeout = {}",
            Word(PATH_OF_THE_ROLE_HERE),
            statement
        );
        let first = work.first_place + 1;
        let send = session.client.batch_execute(begin.as_str());
        send.map_err(at(first))?;
        for table in vacuumed {
            self.end_vacuum(session, table).map_err(|f| f.at(first))?;
        }
        let limit = sql!("SET LOCAL lock_timeout = {}", lock);
        let send = session.client.batch_execute(limit.as_str());
        send.map_err(at(first))?;
        for (statement, place) in work.statements.iter().zip(first..) {
            observer.event(Event::Statement {
                step: work.step.to_owned(),
                place,
                of: work.of,
            });
            let result = match work.manner {
                Manner::Long => outside::watched(session, work.step, statement, options, observer),
                _ => self.watch.run(session, statement),
            };
            result.map_err(|failure| failure.at(place))?;
        }
        observer.event(Event::Recording {
            step: work.step.to_owned(),
        });
        // In one round trip: the locks are held until the commit.
        let end = format!("{}; COMMIT", record(self.number));
        let last = work.first_place + work.statements.len();
        self.watch.run(session, &end).map_err(|f| f.at(last))
    }

    // The server cancels autovacuum for whoever has waited for deadlock_timeout. In the queue for this lock
    // nobody of the application waits behind us; and while we hold it no other worker begins.
    fn end_vacuum(&mut self, session: &mut Session<'_>, table: &str) -> Result<(), Failure> {
        const LIMIT: &str = "
            SELECT pg_catalog.set_config('lock_timeout', (setting::pg_catalog.int8 + 2000)::pg_catalog.text, true)
            FROM pg_catalog.pg_settings
            WHERE name = 'deadlock_timeout'";
        let send = session.client.batch_execute(LIMIT);
        send.map_err(|source| Failure::Statement { place: 1, source })?;
        let lock = sql!(
            "LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE",
            Deparsed(table)
        );
        self.watch.run(session, lock.as_str())
    }
}

/// Waits until no transaction older than `lock.first` holds a conflicting lock, or is in the queue for one;
/// the tables that an autovacuum works on which yields.
///
/// A younger one is expected to end within the time-out of the attempt: on a busy table there always is one.
fn wait_outside(
    session: &mut Session<'_>,
    work: &Work<'_>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<String>, Failure> {
    if work.locks.is_empty() {
        return Ok(Vec::new());
    }
    let since = Instant::now();
    let mut enders = Enders::new(options);
    // The age of another role's transaction is hidden without pg_read_all_stats: then from first sight.
    let mut seen: BTreeMap<String, Instant> = BTreeMap::new();
    let failed = |source| Failure::Statement {
        place: work.first_place + 1,
        source,
    };
    loop {
        if let Some(stop) = brake::check(session, options).map_err(failed)? {
            return Err(Failure::Stop(stop));
        }
        let found = blocker::conflicting(&mut session.client, &work.locks).map_err(failed)?;
        let (vacuums, others): (Vec<Blocker>, Vec<Blocker>) = found
            .into_iter()
            .partition(|b| b.autovacuum == Some(Autovacuum::Yields));
        let mut hidden = false;
        let old: Vec<Blocker> = others
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
            let tables = vacuums.into_iter().filter_map(|v| v.lock);
            return Ok(tables.map(|(table, _)| table).collect());
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
                phase: None,
                waiting: old.clone(),
                since: waited,
            });
            enders.end(&mut session.client, &old, observer);
        }
        std::thread::sleep(
            options
                .poll
                .min(options.lock.first)
                .max(Duration::from_millis(5)),
        );
    }
}

/// Ends blockers that are idle in their transaction (`--cancel-blockers`).
pub(super) struct Enders {
    age: Option<Duration>,
    said_hidden: bool,
}

impl Enders {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            age: options.lock.end_idle,
            said_hidden: false,
        }
    }

    /// Says each one that it ended. Where the right is missing, that is said once.
    pub(super) fn end(
        &mut self,
        client: &mut Client,
        blockers: &[Blocker],
        observer: &mut dyn Observer,
    ) {
        let Some(age) = self.age else { return };
        for blocker in blockers.iter().filter(|b| b.autovacuum.is_none()) {
            let Some(pid) = blocker.pid else { continue };
            if blocker.state.is_none() && !self.said_hidden {
                self.said_hidden = true;
                observer.event(Event::Message {
                    text: format!(
                        "could not end pid {pid}: whether it is idle is hidden from this role, but for pg_read_all_stats"
                    ),
                });
            }
            if !blocker.is_idle() {
                continue;
            }
            match blocker::end_idle(client, pid, age) {
                Ok(false) => {}
                Ok(true) => observer.event(Event::Message {
                    text: format!("ended {blocker}"),
                }),
                Err(source) => {
                    self.age = None;
                    let said = super::error::said(&source);
                    observer.event(Event::Message {
                        text: format!("could not end pid {pid}: {said}"),
                    });
                }
            }
        }
    }
}
